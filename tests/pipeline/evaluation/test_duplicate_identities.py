"""Identities that are taken for each other, by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import duplicate_identities

KINDS = {"s": UNSEEN, NEW_WHALE: LABELLED_NEW}


def rankings(**truths: str) -> pd.DataFrame:
    """Images by their identity; s is held out whole, and new_whale is labelled so."""
    rows = [(image, KINDS.get(own, KNOWN), own) for image, own in truths.items()]
    return pd.DataFrame(rows, columns=["image", "kind", "cluster"])


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
    found = duplicate_identities.suspects(ASKED, SAID, 0.2)
    assert found[["first", "second", "queries"]].values.tolist() == [["a", "b", 3]]
    assert found.loc[0, ["taken", "back"]].tolist() == pytest.approx([0.5, 0.3])
    every = duplicate_identities.suspects(ASKED, SAID, 0.0)
    assert every[["taken", "back"]].to_numpy() == pytest.approx(np.array([[0.5, 0.3], [0, 0.4]]))
    assert duplicate_identities.suspects(ASKED, SAID, 0.31).empty


def test_the_most_alike_come_first():
    asked = rankings(a1="a", b1="b", c1="c")
    said = posteriors(a1={"b": 0.9, "c": 0.5}, b1={"a": 0.2}, c1={"a": 0.4})
    assert duplicate_identities.suspects(asked, said, 0.1)["second"].tolist() == ["c", "b"]


def test_a_name_with_one_photograph_is_asked_as_a_stranger():
    """s has one photograph: held out, s is new to its member, which takes it for a."""
    asked = rankings(a1="a", s1="s")
    said = posteriors(a1={"a": 0.5, "s": 0.5}, s1={"a": 0.99, NEW_WHALE: 0.01})
    found = duplicate_identities.suspects(asked, said, 0.2)
    assert found.loc[0, ["taken", "back"]].tolist() == pytest.approx([0.5, 0.99])


def test_who_was_never_asked_is_judged_by_the_other():
    found = duplicate_identities.suspects(
        rankings(a1="a"), posteriors(a1={"b": 0.4, "a": 0.6}), 0.4
    )
    assert found.loc[0, "taken"] == 0.4 and np.isnan(found.loc[0, "back"])


def test_nothing_asked_nothing_suspected():
    found = duplicate_identities.suspects(ASKED[:0], SAID, 0.2)
    assert found.empty and found.columns.tolist() == duplicate_identities.COLUMNS


def test_the_photographs_to_look_at():
    rows = [("a1", "x", "b", 4, "a"), ("b1", "y", "a", 9, "b"), ("a1", "z", "c", 20, "a")]
    pairs = pd.DataFrame(rows, columns=["query", "image", "identity", "inliers", "owner"])
    best = duplicate_identities.best_pair("a", "b", pairs)
    assert (best["query"], best["image"]) == ("b1", "y")
    assert duplicate_identities.best_pair("b", "c", pairs) is None
