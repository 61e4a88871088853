"""Which photographs are held back, and how near the right identity comes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.data.tables import NEW_WHALE
from pipeline.training import inner_split


def table(*rows: tuple[str, int]) -> pd.DataFrame:
    """Identities and duplicate groups; images are numbered."""
    found = pd.DataFrame(rows, columns=["identity", "group"])
    return found.assign(image=[f"{at}.jpg" for at in range(len(found))], only_fold="")


def test_copies_are_held_back_together_and_nobody_is_left_without_a_photograph():
    """a: groups 0 (twice), 1; b: one group twice; c: one photograph; two new_whales."""
    rows = table(*[("a", 0), ("a", 0), ("a", 1), ("b", 2), ("b", 2), ("c", 3)])
    rows = pd.concat([rows, table((NEW_WHALE, 4), (NEW_WHALE, 5))], ignore_index=True)
    for seed in range(5):
        kept, held = inner_split.split(rows, 0.5, seed)
        assert set(held["identity"]) == {"a"} and held["group"].nunique() == 1
        assert not set(kept["group"]) & set(held["group"])
        assert len(kept) + len(held) == len(rows) and set(kept["identity"]) >= {"a", "b", "c"}
    assert {tuple(inner_split.split(rows, 0.5, seed)[1]["group"]) for seed in range(9)} == {
        (0, 0),
        (1,),
    }


def test_the_share_is_of_the_identities_with_several_photographs():
    rows = table(*[(f"w{i}", 10 * i + k) for i in range(10) for k in range(3)], ("alone", 999))
    kept, held = inner_split.split(rows, 0.25, 0)
    assert len(held) == held["identity"].nunique() == 3  # a quarter of 10, rounded up
    pd.testing.assert_frame_equal(held, inner_split.split(rows, 0.25, 0)[1])
    assert set(inner_split.split(rows, 0.25, 1)[1]["image"]) != set(held["image"])


def test_nothing_to_hold_back():
    kept, held = inner_split.split(table(("a", 0), ("b", 1)), 0.5, 0)
    assert held.empty and len(kept) == 2


def test_reciprocal_rank_by_hand():
    """Labels a b b c. The first query's c comes third, the second's b first."""
    similarity = torch.tensor([[0.9, 0.2, 0.8, 0.5], [0.1, 0.2, 0.7, 0.6]])
    found = inner_split.reciprocal_rank(similarity, np.array([2, 1]), np.array([0, 1, 1, 2]))
    assert found == pytest.approx((1 / 3 + 1) / 2)


def test_an_equal_counts_as_ahead_and_a_missing_identity_as_nothing():
    labels = np.array([0, 1])
    assert inner_split.reciprocal_rank(torch.tensor([[0.5, 0.5]]), np.array([1]), labels) == 0.5
    assert inner_split.reciprocal_rank(torch.tensor([[0.5, 0.5]]), np.array([7]), labels) == 0


@pytest.mark.parametrize("scores, epochs", [([1], 0), ([1, 2, 2], 1), ([3, 2, 1], 2), ([1, 1], 1)])
def test_the_wait_begins_at_the_first_of_the_best(scores, epochs):
    assert inner_split.waited(scores) == epochs


def test_a_pseudo_label_is_no_question():
    rows = table(("a", 0), ("a", 1), ("b", 2), ("b", 3)).assign(only_fold=["", "0", "", ""])
    for seed in range(5):
        assert set(inner_split.split(rows, 0.5, seed)[1]["identity"]) == {"b"}


def test_twenty_individuals_are_asked_of_few_shot_tasks_and_fewer_are_not(monkeypatch):
    """Vectors stand for photographs: every query is its individual's own direction."""
    monkeypatch.setattr(inner_split, "unit_vectors", lambda net, views, rows: torch.eye(25)[rows])
    labels = np.arange(25)
    every = inner_split.Examination(Path("crops.npy"), 3, labels, labels, labels, labels)
    assert every.scores(torch.nn.Identity()) == {"inner": 1.0, "way20_shot1": 1.0}
    few = inner_split.Examination(Path("crops.npy"), 3, labels[:7], labels[:7], labels, labels)
    told = few.scores(torch.nn.Identity())
    assert told["inner"] == 1.0 and np.isnan(told["way20_shot1"])
