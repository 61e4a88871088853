"""The ensemble, the viewpoint and the table of an identification; the whole is in tests/stages."""

import logging
from functools import partial

import pandas as pd
import pytest

from pipeline.identify import identification
from pipeline.identify.answer import Answer
from pipeline.identify.comparison import COMPARED, QUERY
from pipeline.identify.stored_tables import StoredTables
from pipeline.system.errors import UserError

pytestmark = pytest.mark.usefixtures("three_folds")


def test_the_default_ensemble_is_that_of_the_parameters(p):
    assert identification.choose_recipe(None, p).method == "weighted"  # best
    assert identification.choose_recipe("single", p).method == "mean"
    with pytest.raises(UserError, match="no ensemble 'other': choose one of .*single"):
        identification.choose_recipe("other", p)


def test_one_backbone_is_used_and_the_others_are_named(p, caplog):
    caplog.set_level(logging.INFO, "pipeline")
    assert identification.choose_recipe("best", p).active_backbones() == ["lite0"]
    assert "only lite0 is used, not ['regnet', 'mobilenet']" in caplog.text
    other = p.model_copy(update={"match": p.match.model_copy(update={"backbone": "wide"})})
    with pytest.raises(UserError, match=r"single uses \['lite0'\], and identify embeds with wide"):
        identification.choose_recipe("single", other)


def test_a_given_prior_replaces_that_of_the_parameters(p):
    assert identification.with_prior(p, 0.4).evaluation.new_whale_prior == 0.4
    assert identification.with_prior(p, None) is p


def test_the_viewpoint_is_given_or_known_to_the_competition():
    known = {"a0": "left", "b1": "right"}
    find = partial(identification.find_viewpoint, known=known, tables=StoredTables())
    assert find("hash elsewhere", "right") == {QUERY: "right"}
    assert find("hash a0", None) == {QUERY: "left"}
    assert find("hash t", None) == {}
    assert find("hash elsewhere", None) == {}
    with pytest.raises(UserError, match=r"is up: viewpoints.csv has \['left', 'right'\]"):
        find("hash a0", "up")


def test_every_answer_has_the_photograph_that_argues_most_for_it():
    compared = [("a", "a0", 0.5, 9), ("b", "b1", 0.25, 0), ("a", "a1", 0.9, 0)]
    probabilities = pd.Series({"new_whale": 0.6, "c": 0.2, "a": 0.1, "b": 0.1})
    answer = Answer(probabilities, pd.DataFrame(compared, columns=COMPARED))
    table = identification.tabulate(answer)
    assert table.columns.tolist() == ["identity", "probability", "image", "similarity", "points"]
    assert table["identity"].tolist() == ["new_whale", "c", "a", "b"]
    assert table["probability"].tolist() == [0.6, 0.2, 0.1, 0.1]
    assert table["image"].fillna("").tolist() == ["", "", "a0", "b1"]
    assert table["points"].fillna(-1).tolist() == [-1, -1, 9, 0]


def test_without_a_compared_photograph_nothing_is_matched(p):
    table = pd.DataFrame({"identity": ["new_whale"], "image": [None]})
    assert identification.match_best(None, None, table, None, pytest.fail, p) is None
