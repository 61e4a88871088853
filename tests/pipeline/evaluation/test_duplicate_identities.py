"""Identities that are taken for each other, by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import duplicate_identities

KINDS = {"s": UNSEEN, NEW_WHALE: LABELLED_NEW}


def build_rankings(**truths: str) -> pd.DataFrame:
    """Images by their identity; s is wholly held out, and new_whale is labelled new."""
    rows = [(image, KINDS.get(name, KNOWN), name) for image, name in truths.items()]
    return pd.DataFrame(rows, columns=["image", "kind", "cluster"])


def build_posteriors(**answers: dict[str, float]) -> pd.DataFrame:
    rows = [(query, *row) for query, labels in answers.items() for row in labels.items()]
    return pd.DataFrame(rows, columns=["query", "identity", "posterior"])


RANKINGS = build_rankings(a1="a", a2="a", b1="b", c1="c", n1=NEW_WHALE)
POSTERIORS = build_posteriors(
    a1={"a": 0.5, "b": 0.4, NEW_WHALE: 0.1},
    a2={"a": 0.4, "b": 0.6},
    b1={"b": 0.7, "a": 0.3},
    c1={"c": 0.6, "a": 0.4},
    n1={"a": 0.9, "b": 0.1},
)


def test_mean_posteriors_by_hand():
    """a's two photographs give b .4 and .6, b's gives a .3; c's gives a .4, a's give c nothing."""
    found = duplicate_identities.find_duplicate_identities(RANKINGS, POSTERIORS, 0.2)
    assert found[["first", "second", "queries"]].values.tolist() == [["a", "b", 3]]
    assert found.loc[0, duplicate_identities.POSTERIORS].tolist() == pytest.approx([0.5, 0.3])
    pairs = duplicate_identities.find_duplicate_identities(RANKINGS, POSTERIORS, 0.0)
    assert pairs[duplicate_identities.POSTERIORS].to_numpy() == pytest.approx(
        np.array([[0.5, 0.3], [0, 0.4]])
    )
    assert duplicate_identities.find_duplicate_identities(RANKINGS, POSTERIORS, 0.31).empty


def test_the_highest_posteriors_come_first():
    rankings = build_rankings(a1="a", b1="b", c1="c")
    posteriors = build_posteriors(a1={"b": 0.9, "c": 0.5}, b1={"a": 0.2}, c1={"a": 0.4})
    assert duplicate_identities.find_duplicate_identities(rankings, posteriors, 0.1)[
        "second"
    ].tolist() == ["c", "b"]


def test_an_identity_with_one_photograph_counts_as_a_query():
    """s has one photograph: held out, s is new to its member, which takes it for a."""
    rankings = build_rankings(a1="a", s1="s")
    posteriors = build_posteriors(a1={"a": 0.5, "s": 0.5}, s1={"a": 0.99, NEW_WHALE: 0.01})
    found = duplicate_identities.find_duplicate_identities(rankings, posteriors, 0.2)
    assert found.loc[0, duplicate_identities.POSTERIORS].tolist() == pytest.approx([0.5, 0.99])


def test_an_identity_without_queries_has_the_posterior_of_the_other_only():
    found = duplicate_identities.find_duplicate_identities(
        build_rankings(a1="a"), build_posteriors(a1={"b": 0.4, "a": 0.6}), 0.4
    )
    assert found.loc[0, "second_for_first"] == 0.4 and np.isnan(found.loc[0, "first_for_second"])


def test_without_queries_there_are_no_pairs():
    found = duplicate_identities.find_duplicate_identities(RANKINGS[:0], POSTERIORS, 0.2)
    assert found.empty and found.columns.tolist() == duplicate_identities.COLUMNS


def test_the_best_pair_has_the_most_inliers():
    rows = [("a1", "x", "b", 4, "a"), ("b1", "y", "a", 9, "b"), ("a1", "z", "c", 20, "a")]
    pairs = pd.DataFrame(rows, columns=["query", "image", "identity", "inliers", "query_identity"])
    best = duplicate_identities.find_best_pair("a", "b", pairs)
    assert (best["query"], best["image"]) == ("b1", "y")
    assert duplicate_identities.find_best_pair("b", "c", pairs) is None
