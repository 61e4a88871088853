"""Identities that are taken for each other, by hand."""

import pandas as pd
import pytest

from pipeline import merging
from pipeline.gallery import KNOWN, UNSEEN
from pipeline.tables import NEW_WHALE


def rankings(**truths: str) -> pd.DataFrame:
    rows = [(image, UNSEEN if own == NEW_WHALE else KNOWN, own) for image, own in truths.items()]
    return pd.DataFrame(rows, columns=["image", "kind", "truth"])


def posteriors(**answers: dict[str, float]) -> pd.DataFrame:
    rows = [(query, *own) for query, labels in answers.items() for own in labels.items()]
    return pd.DataFrame(rows, columns=["query", "identity", "posterior"])


ASKED = rankings(a1="a", a2="a", b1="b", c1="c", n1=NEW_WHALE)
SAID = posteriors(
    a1={"a": 0.5, "b": 0.4, NEW_WHALE: 0.1},
    a2={"a": 0.4, "b": 0.6},
    b1={"b": 0.7, "a": 0.3},
    c1={"c": 0.6, "a": 0.4},
    n1={"a": 0.9, "b": 0.1},
)


def test_by_hand():
    """a's two photographs give b .4 and .6, b's gives a .3; c's gives a .4, a's give c nothing."""
    found = merging.suspects(ASKED, SAID, 0.2)
    assert found[["first", "second", "queries"]].values.tolist() == [["a", "b", 3]]
    assert found.loc[0, ["taken", "back"]].tolist() == pytest.approx([0.5, 0.3])
    assert merging.suspects(ASKED, SAID, 0.41).empty


def test_the_worst_come_first():
    asked = rankings(a1="a", b1="b", c1="c")
    said = posteriors(a1={"b": 0.3, "c": 0.5}, b1={"a": 0.3}, c1={"a": 0.5})
    found = merging.suspects(asked, said, 0.1)
    assert found[["first", "second"]].values.tolist() == [["a", "c"], ["a", "b"]]


def test_nothing_asked_nothing_suspected():
    found = merging.suspects(ASKED[:0], SAID, 0.2)
    assert found.empty and found.columns.tolist() == merging.COLUMNS


def test_the_photographs_to_look_at():
    rows = [("a1", "x", "b", 4), ("b1", "y", "a", 9), ("a1", "z", "c", 20), ("a2", "w", "a", 30)]
    pairs = pd.DataFrame(rows, columns=["query", "image", "identity", "inliers"])
    truth = ASKED.set_index("image")["truth"]
    best = merging.best_pair("a", "b", pairs, truth)
    assert (best["query"], best["image"]) == ("b1", "y")
    assert merging.best_pair("b", "c", pairs, truth) is None
