from pathlib import Path

import pandas as pd
import pytest

from pipeline import params
from pipeline.data import tables
from pipeline.leaderboard import changes
from tests.conftest import ROOT

EVALUATED = params.load(ROOT / "tests/params.yaml").evaluation


@pytest.fixture
def made(tmp_path):
    """A function that keeps a submission: its hash, its params and each query's first answer."""

    def keep(csv: str, settings: str, *first: str, names: str = "q") -> None:
        images = [f"{names}{i}" for i in range(len(first))]
        rows = pd.DataFrame({"image": images, "truth": "a", "kind": "known", "fold": 0})
        rows = rows.assign(group=range(len(rows)), cluster=images, weight=1.0)
        rows["ranking"] = [{"a": "a b", "b": "b a"}[own] for own in first]
        tables.write("rankings", rows, tmp_path / "rankings.csv")
        (tmp_path / "params.yaml").write_text(settings)
        rankings, own = tmp_path / "rankings.csv", tmp_path / "params.yaml"
        changes.keep(csv, rankings, own, tmp_path / "kept")

    return keep


def since(tmp_path: Path, before: str, now: str) -> dict:
    return changes.since(before, now, tmp_path / "kept", EVALUATED)


def test_the_gain_and_what_changed(tmp_path, made):
    """All four wrong at first and right at the second place: 1/2 each; then all are right."""
    made("x", "train: {epochs: 22}\n", "b", "b", "b", "b")
    made("y", "train: {epochs: 16}\n", "a", "a", "a", "a")
    found = since(tmp_path, "x", "y")
    assert found["changed"] == "train.epochs: 22 -> 16"
    assert (found["difference"], found["low"], found["high"]) == (0.5, 0.5, 0.5)


def test_what_was_not_kept_is_not_compared(tmp_path, made):
    made("x", "a: 1\n", "a")
    assert since(tmp_path, "", "x") == {} and since(tmp_path, "w", "x") == {}


def test_without_a_query_in_common_the_params_are_told_alone(tmp_path, made):
    made("x", "a: 1\n", "a")
    made("y", "a: 2\n", "a", names="other")
    assert since(tmp_path, "x", "y") == {"changed": "a: 1 -> 2"}


def test_what_is_kept_stays_as_it_was(tmp_path, made):
    made("x", "a: 1\n", "a")
    made("x", "a: 2\n", "a")
    assert changes.leaves(tmp_path / "kept/x/params.yaml") == {"a": 1}


def test_leaves_that_come_and_go():
    before = changes.flat({"a": {"b": 1, "c": [1, 2]}, "d": {}}, "")
    now = changes.flat({"a": {"c": [1, 3], "e": None}}, "")
    assert before == {"a.b": 1, "a.c": [1, 2]}
    assert changes.changed(before, now) == [
        "a.b: 1 -> nothing",
        "a.c: [1, 2] -> [1, 3]",
        "a.e: nothing -> None",
    ]
