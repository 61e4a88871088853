"""Swaps and assignments that a person can check, and the assignment against every other one."""

import itertools

import numpy as np
import pandas as pd
import pytest

from pipeline.data.tables import NEW_WHALE
from pipeline.steps.submission import balance


def answers(**chances: dict[str, float]) -> tuple[pd.Series, pd.DataFrame]:
    """By query, each label's posterior: its lists and its table."""
    rows = [(query, *own) for query, labels in chances.items() for own in labels.items()]
    table = pd.DataFrame(rows, columns=["query", "identity", "posterior"])
    lists = {query: sorted(own, key=own.get, reverse=True) for query, own in chances.items()}
    return pd.Series(lists), table


def test_a_close_call_goes_to_who_has_none():
    lists, table = answers(q={"a": 0.5, "b": 0.4}, r={"a": 0.9, "c": 0.1})
    assert balance.swapped(lists, table, 0.2).to_dict() == {"q": ["b", "a"], "r": ["a", "c"]}


@pytest.mark.parametrize(
    ("other", "gap"),
    [
        ({"a": 0.9, "c": 0.1}, 0.05),  # no close call
        ({"c": 0.9, "a": 0.1}, 0.2),  # a would have no first place left
        ({"a": 0.6, "b": 0.3}, 0.05),
    ],
)
def test_others_stay(other, gap):
    lists, table = answers(q={"a": 0.5, "b": 0.4}, r=other)
    assert balance.swapped(lists, table, gap).equals(lists)


def test_an_identity_that_is_first_elsewhere_needs_no_swap():
    lists, table = answers(q={"a": 0.5, "b": 0.4}, r={"a": 0.9, "c": 0.1}, s={"b": 1.0})
    assert balance.swapped(lists, table, 0.2).equals(lists)


def test_only_the_closest_call_gets_the_place():
    lists, table = answers(q={"a": 0.5, "b": 0.40}, r={"a": 0.5, "b": 0.45}, s={"a": 0.9, "c": 0.1})
    found = balance.swapped(lists, table, 0.2)
    assert found["q"] == ["a", "b"] and found["r"] == ["b", "a"]


def test_new_whale_is_nobodys_place():
    lists, table = answers(q={"a": 0.5, NEW_WHALE: 0.45}, r={"a": 0.9, "c": 0.1})
    assert balance.swapped(lists, table, 0.2).equals(lists)


def test_an_assignment_by_hand():
    """Both want a; q loses less by b. r's third label makes way."""
    lists, table = answers(q={"a": 0.5, "b": 0.4, "c": 0.1}, r={"a": 0.9, "c": 0.05, "b": 0.01})
    found = balance.assigned(lists, table, 1)
    assert found.to_dict() == {"q": ["b", "a", "c"], "r": ["a", "c", "b"]}
    assert balance.assigned(lists, table, 2).equals(lists)


def test_any_number_may_be_new():
    lists, table = answers(**{f"q{i}": {NEW_WHALE: 0.6, "a": 0.3} for i in range(4)})
    assert balance.assigned(lists, table, 1)["q0"] == [NEW_WHALE, "a"]
    assert (balance.assigned(lists, table, 1).str[0] == NEW_WHALE).sum() == 4


@pytest.mark.parametrize("seed", range(5))
def test_no_assignment_is_better(seed):
    rng = np.random.default_rng(seed)
    names = ["a", "b", "c", NEW_WHALE]
    chances = {f"q{i}": dict(zip(names, rng.dirichlet(np.ones(4)), strict=True)) for i in range(4)}
    lists, table = answers(**chances)
    found = balance.assigned(lists, table, 1)
    total = sum(chances[query][labels[0]] for query, labels in found.items())
    best = max(
        sum(own[label] for own, label in zip(chances.values(), firsts, strict=True))
        for firsts in itertools.product(names, repeat=4)
        if all(firsts.count(name) <= 1 for name in names[:3])
    )
    assert total == pytest.approx(best)
    known = [labels[0] for labels in found if labels[0] != NEW_WHALE]
    assert len(set(known)) == len(known)


def test_a_single_query_keeps_its_answer():
    lists, table = answers(q={"a": 0.5, "b": 0.4})
    assert balance.swapped(lists, table, 0.5).equals(lists)
    assert balance.assigned(lists, table, 1).equals(lists)
