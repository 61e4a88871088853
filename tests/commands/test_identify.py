"""Whom `identify` asks and what it says; that it works is in tests/stages."""

import pandas as pd
import pytest

from commands import asking, identify
from pipeline import params, paths
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("three_folds")


@pytest.fixture
def p() -> params.Params:
    return params.load(ROOT / "tests/params.yaml")


@pytest.mark.parametrize(
    ("name", "members"), [("a0", [0]), ("b1", [1]), ("t", [0, 1, 2]), ("elsewhere", [0, 1, 2])]
)
def test_members_that_trained_on_the_photograph_are_not_asked(name, members):
    assert identify.fair_members(f"hash {name}", [0, 1, 2]) == members


def test_no_member_may_name_what_all_trained_on():
    with pytest.raises(SystemExit, match="trained on this photograph: none can name it"):
        identify.fair_members("hash a0", [1])


def test_the_ensemble_is_the_reports_unless_said(p):
    assert identify.recipe_of(None, p).method == "weighted"  # best
    assert identify.recipe_of("single", p).method == "mean"
    with pytest.raises(SystemExit, match="no ensemble 'other': choose one of .*single"):
        identify.recipe_of("other", p)


def test_one_backbone_is_asked_and_the_others_are_named(p, capsys):
    assert identify.recipe_of("best", p).active_backbones() == ["lite0"]
    assert "lite0 alone is asked, ['regnet', 'mobilenet'] are not" in capsys.readouterr().out
    other = p.model_copy(update={"match": p.match.model_copy(update={"backbone": "wide"})})
    with pytest.raises(SystemExit, match=r"single asks \['lite0'\], and identify embeds with wide"):
        identify.recipe_of("single", other)


def test_another_prior_is_that_of_the_fit(p):
    assert identify.with_prior(p, 0.4).evaluation.new_whale_prior == 0.4
    assert identify.with_prior(p, None) is p


def test_a_side_that_was_said_or_that_the_competition_knows():
    sides = {"a0": "left", "b1": "right"}
    assert identify.side_of("hash elsewhere", "right", sides) == {asking.NAME: "right"}
    assert identify.side_of("hash a0", None, sides) == {asking.NAME: "left"}
    assert identify.side_of("hash t", None, sides) == {}
    assert identify.side_of("hash elsewhere", None, sides) == {}
    with pytest.raises(SystemExit, match=r"--side is up: viewpoints.csv has \['left', 'right'\]"):
        identify.side_of("hash a0", "up", sides)


def test_answers_name_the_photograph_that_argues():
    near = pd.DataFrame([("a", "a0", 0.5, 9), ("b", "b1", 0.25, 0)], columns=asking.NEAR)
    chances = pd.Series({"new_whale": 0.6, "c": 0.2, "a": 0.1, "b": 0.1})
    assert identify.told(paths.Path("p.jpg"), near, chances).splitlines() == [
        "p.jpg:",
        "  0.600  new_whale",
        "  0.200  c",  # of whom no photograph was looked at
        "  0.100  a  (a0: similarity 0.500, 9 points fit)",
        "  0.100  b  (b1: similarity 0.250, 0 points fit)",
    ]
    assert identify.likeliest(near, chances)["image"] == "a0"
    assert identify.likeliest(near[:0], chances) is None
