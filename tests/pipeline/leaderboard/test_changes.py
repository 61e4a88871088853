"""The gain over an earlier submission, and the parameters that changed."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline import params
from pipeline.data import tables
from pipeline.leaderboard import changes
from tests.conftest import ROOT

EVALUATION = params.load(ROOT / "tests/params.yaml").evaluation


@pytest.fixture
def keep(tmp_path):
    """A function that keeps a submission: its key, parameters and each query's first answer."""

    def keep_files(key: str, settings: str, *first: str, names: str = "q") -> None:
        images = [f"{names}{i}" for i in range(len(first))]
        rows = pd.DataFrame({"image": images, "truth": "a", "kind": "known", "fold": 0})
        rows = rows.assign(group=range(len(rows)), cluster=images, weight=1.0)
        rows.loc[rows.index >= 2, "kind"] = "unseen"  # two of each kind
        rows["ranking"] = [{"a": "a b", "b": "b a"}[answer] for answer in first]
        tables.write("rankings", rows, tmp_path / "rankings.csv")
        (tmp_path / "params.yaml").write_text(settings)
        files = tmp_path / "rankings.csv", tmp_path / "params.yaml"
        changes.keep_files(key, *files, tmp_path / "kept")

    return keep_files


def compare(tmp_path: Path, before: str, now: str) -> dict:
    return changes.compare_submissions(before, now, tmp_path / "kept", EVALUATION)


def test_the_gain_and_what_changed(tmp_path, keep):
    """All four right at the second rank, 1/2 each; then all at the first."""
    keep("x", "train: {epochs: 22}\n", "b", "b", "b", "b")
    keep("y", "train: {epochs: 16}\n", "a", "a", "a", "a")
    change = compare(tmp_path, "x", "y")
    assert change["changed"] == "train.epochs: 22 -> 16"
    assert (change["difference"], change["low"], change["high"]) == (0.5, 0.5, 0.5)


@pytest.mark.fault(
    "evaluation",
    "two submissions whose common queries are of one kind",
    "no gain is listed beside the held-out MAP@5",
)
def test_queries_of_one_kind_give_no_gain(tmp_path, keep):
    keep("x", "a: 1\n", "b", "b")
    keep("y", "a: 2\n", "a", "a")
    assert compare(tmp_path, "x", "y") == {"changed": "a: 1 -> 2"}


def test_submissions_that_were_not_kept_are_not_compared(tmp_path, keep):
    keep("x", "a: 1\n", "a")
    assert compare(tmp_path, "", "x") == {} and compare(tmp_path, "w", "x") == {}


def test_without_a_common_query_only_the_parameters_are_compared(tmp_path, keep):
    keep("x", "a: 1\n", "a")
    keep("y", "a: 2\n", "a", names="other")
    assert compare(tmp_path, "x", "y") == {"changed": "a: 1 -> 2"}


def test_kept_files_are_not_overwritten(tmp_path, keep):
    keep("x", "a: 1\n", "a")
    keep("x", "a: 2\n", "a")
    assert changes.read_leaves(tmp_path / "kept/x/params.yaml") == {"a": 1}


def test_added_and_removed_leaves_are_listed():
    before = changes.flatten({"a": {"b": 1, "c": [1, 2]}, "d": {}}, "")
    now = changes.flatten({"a": {"c": [1, 3], "e": None}}, "")
    assert before == {"a.b": 1, "a.c": [1, 2]}
    assert changes.list_changes(before, now) == [
        "a.b: 1 -> nothing",
        "a.c: [1, 2] -> [1, 3]",
        "a.e: nothing -> None",
    ]
