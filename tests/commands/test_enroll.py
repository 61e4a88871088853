"""What `enroll` and `identify` refuse; that they work is in tests/stages."""

from dataclasses import replace

import pandas as pd
import pytest

from commands import enroll, identify
from pipeline import params, paths, tables
from tests.conftest import ROOT
from tests.pipeline.test_enrolled import photograph

pytestmark = pytest.mark.usefixtures("three_folds")


@pytest.mark.parametrize("name", ["", "two words", "new_whale"])
def test_a_name_that_no_submission_could_hold(name):
    with pytest.raises(SystemExit, match="a name without blanks is wanted"):
        enroll.check_name(name, "new_whale")


def test_whose_photograph_it_is():
    assert enroll.known_as("hash a1") == "a"
    assert enroll.known_as("hash t") is None
    assert enroll.known_as("hash elsewhere") is None


@pytest.mark.parametrize(
    ("name", "members"), [("a0", [0]), ("b1", [1]), ("t", [0, 1, 2]), ("elsewhere", [0, 1, 2])]
)
def test_members_that_trained_on_the_photograph_are_not_asked(name, members):
    assert identify.fair_members(f"hash {name}", [0, 1, 2]) == members


def test_no_member_may_name_what_all_trained_on():
    with pytest.raises(SystemExit, match="trained on this photograph: none can name it"):
        identify.fair_members("hash a0", [1])


def test_a_photograph_is_compared_with_no_copy_of_itself():
    added = {"enrolled x": photograph("x", "hash x")}
    people = identify.known_people("hash a1", [1], added)
    assert people.to_dict() == {"a0": "a", "enrolled x": "x"}
    assert "a0" not in identify.known_people("hash copy of a0", [0, 1], added)


def test_what_other_members_made_is_made_anew(monkeypatch, capsys):
    monkeypatch.setattr(enroll, "made_with", lambda p: "later")
    monkeypatch.setattr(enroll, "renewed", lambda one, p, now: replace(one, made_with=now))
    (found,) = identify.current([photograph("wal", "b0")], "hash t", None).values()
    assert found.made_with == "later" and found.identity == "wal"
    assert "wal.jpg (wal): looked at anew" in capsys.readouterr().out


def test_an_enrolled_photograph_does_not_find_itself_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(enroll, "made_with", lambda p: "now")
    added = [photograph("wal", "b0"), photograph("other", "c0")]
    assert list(identify.current(added, "b0", None)) == ["enrolled other.jpg c0"]
    assert "this very photograph is enrolled as wal" in capsys.readouterr().out


def test_two_files_of_one_name_are_two_photographs(monkeypatch):
    monkeypatch.setattr(enroll, "made_with", lambda p: "now")
    added = [photograph("wal", "b0"), photograph("wal", "c0")]
    assert len(identify.current(added, "hash t", None)) == 2


def test_settings_and_networks_decide_what_is_made(monkeypatch):
    p = params.load(ROOT / "tests/params.yaml")
    for fold in p.folds.trained:
        file = paths.model(p.match.backbone, fold)
        file.parent.mkdir(parents=True)
        file.write_bytes(b"weights")
    before = enroll.made_with(p)
    wider = p.model_copy(update={"keypoints": p.keypoints.model_copy(update={"size": 99})})
    assert enroll.made_with(wider) != before
    paths.UNET.parent.mkdir(parents=True)
    paths.UNET.write_bytes(b"weights")
    assert enroll.made_with(p) != before


def test_answers_name_the_photograph_that_argues(capsys):
    near = pd.DataFrame(
        [("a", "a0", 2.0, 0.5, 9), ("b", "b1", -1.0, 0.25, 0)],
        columns=["identity", "image", "evidence", "similarity", "points"],
    )
    told = identify.told(paths.Path("p.jpg"), near, pd.Series({"a": 0.7, "new_whale": 0.3}))
    assert told.splitlines() == [
        "p.jpg:",
        "  0.700  a  (a0: similarity 0.500, 9 points fit)",
        "  0.300  new_whale",
    ]


def test_a_pseudo_label_is_nobodys_word():
    labels = tables.read("labels", paths.LABELS)
    guess = labels[labels["image"] == "a0"].assign(image="t", identity="b", member="lite0-0")
    tables.write("labels", pd.concat([labels, guess]), paths.LABELS)
    assert enroll.known_as("hash t") is None
