"""Swaps and assignments by hand, and the assignment compared with every other one."""

import itertools

import numpy as np
import pandas as pd
import pytest

from pipeline.data.tables import NEW_WHALE
from pipeline.steps.submission import balance


def build(**posteriors: dict[str, float]) -> tuple[pd.Series, pd.DataFrame]:
    """The rankings and the table of posteriors, from each label's posterior by query."""
    rows = [(query, *row) for query, labels in posteriors.items() for row in labels.items()]
    table = pd.DataFrame(rows, columns=["query", "identity", "posterior"])
    rankings = {
        query: sorted(labels, key=labels.get, reverse=True) for query, labels in posteriors.items()
    }
    return pd.Series(rankings), table


def test_a_close_call_goes_to_the_identity_without_a_first_place():
    rankings, table = build(q={"a": 0.5, "b": 0.4}, r={"a": 0.9, "c": 0.1})
    assert balance.swap_close_calls(rankings, table, 0.2).to_dict() == {
        "q": ["b", "a"],
        "r": ["a", "c"],
    }


@pytest.mark.parametrize(
    ("other", "gap"),
    [
        ({"a": 0.9, "c": 0.1}, 0.05),  # no close call
        ({"c": 0.9, "a": 0.1}, 0.2),  # a would have no first place left
        ({"a": 0.6, "b": 0.3}, 0.05),
    ],
)
def test_other_rankings_stay(other, gap):
    rankings, table = build(q={"a": 0.5, "b": 0.4}, r=other)
    assert balance.swap_close_calls(rankings, table, gap).equals(rankings)


def test_an_identity_that_is_first_elsewhere_needs_no_swap():
    rankings, table = build(q={"a": 0.5, "b": 0.4}, r={"a": 0.9, "c": 0.1}, s={"b": 1.0})
    assert balance.swap_close_calls(rankings, table, 0.2).equals(rankings)


def test_only_the_closest_call_gets_the_place():
    rankings, table = build(
        q={"a": 0.5, "b": 0.40}, r={"a": 0.5, "b": 0.45}, s={"a": 0.9, "c": 0.1}
    )
    swapped = balance.swap_close_calls(rankings, table, 0.2)
    assert swapped["q"] == ["a", "b"] and swapped["r"] == ["b", "a"]


def test_new_whale_is_never_swapped():
    rankings, table = build(q={"a": 0.5, NEW_WHALE: 0.45}, r={"a": 0.9, "c": 0.1})
    assert balance.swap_close_calls(rankings, table, 0.2).equals(rankings)


def test_an_assignment_by_hand():
    """Both have a first; q loses less by b."""
    rankings, table = build(q={"a": 0.5, "b": 0.4, "c": 0.1}, r={"a": 0.9, "c": 0.05, "b": 0.01})
    assigned = balance.assign_first_places(rankings, table, 1)
    assert assigned.to_dict() == {"q": ["b", "a", "c"], "r": ["a", "c", "b"]}
    assert balance.assign_first_places(rankings, table, 2).equals(rankings)


def test_any_number_of_queries_may_be_new():
    rankings, table = build(**{f"q{i}": {NEW_WHALE: 0.6, "a": 0.3} for i in range(4)})
    assert balance.assign_first_places(rankings, table, 1)["q0"] == [NEW_WHALE, "a"]
    assert (balance.assign_first_places(rankings, table, 1).str[0] == NEW_WHALE).sum() == 4


@pytest.mark.parametrize("seed", range(5))
def test_no_assignment_is_better(seed):
    rng = np.random.default_rng(seed)
    names = ["a", "b", "c", NEW_WHALE]
    posteriors = {
        f"q{i}": dict(zip(names, rng.dirichlet(np.ones(4)), strict=True)) for i in range(4)
    }
    rankings, table = build(**posteriors)
    assigned = balance.assign_first_places(rankings, table, 1)
    total = sum(posteriors[query][labels[0]] for query, labels in assigned.items())
    best = max(
        sum(row[label] for row, label in zip(posteriors.values(), firsts, strict=True))
        for firsts in itertools.product(names, repeat=4)
        if all(firsts.count(name) <= 1 for name in names[:3])
    )
    assert total == pytest.approx(best)
    known = [labels[0] for labels in assigned if labels[0] != NEW_WHALE]
    assert len(set(known)) == len(known)


def test_a_single_query_keeps_its_ranking():
    rankings, table = build(q={"a": 0.5, "b": 0.4})
    assert balance.swap_close_calls(rankings, table, 0.5).equals(rankings)
    assert balance.assign_first_places(rankings, table, 1).equals(rankings)


def test_a_capacity_that_no_identity_reaches_changes_nothing():
    rankings, table = build(**{f"q{i}": {"a": 0.6, "b": 0.3} for i in range(4)})
    assert balance.assign_first_places(rankings, table, 1_000_000).equals(rankings)
    assert (balance.assign_first_places(rankings, table, 3).str[0] == "a").sum() == 3
