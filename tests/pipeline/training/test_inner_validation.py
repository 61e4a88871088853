"""Which photographs are held back, and the scores of a network on them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.data.tables import NEW_WHALE
from pipeline.training import inner_validation


def table(*rows: tuple[str, int]) -> pd.DataFrame:
    """Identities and duplicate groups; images are numbered."""
    table = pd.DataFrame(rows, columns=["identity", "group"])
    return table.assign(image=[f"{at}.jpg" for at in range(len(table))], only_fold="")


def test_duplicates_are_held_back_together_and_every_identity_keeps_a_photograph():
    """a: groups 0 (twice), 1; b: one group twice; c: one photograph; two new_whales."""
    rows = table(*[("a", 0), ("a", 0), ("a", 1), ("b", 2), ("b", 2), ("c", 3)])
    rows = pd.concat([rows, table((NEW_WHALE, 4), (NEW_WHALE, 5))], ignore_index=True)
    for seed in range(5):
        training, held_back = inner_validation.split_rows(rows, 0.5, seed)
        assert set(held_back["identity"]) == {"a"} and held_back["group"].nunique() == 1
        assert not set(training["group"]) & set(held_back["group"])
        assert len(training) + len(held_back) == len(rows)
        assert set(training["identity"]) >= {"a", "b", "c"}
    assert {
        tuple(inner_validation.split_rows(rows, 0.5, seed)[1]["group"]) for seed in range(9)
    } == {
        (0, 0),
        (1,),
    }


def test_the_fraction_is_of_the_identities_with_several_photographs():
    rows = table(*[(f"w{i}", 10 * i + k) for i in range(10) for k in range(3)], ("alone", 999))
    training, held_back = inner_validation.split_rows(rows, 0.25, 0)
    assert len(held_back) == held_back["identity"].nunique() == 3  # a quarter of 10, rounded up
    pd.testing.assert_frame_equal(held_back, inner_validation.split_rows(rows, 0.25, 0)[1])
    assert set(inner_validation.split_rows(rows, 0.25, 1)[1]["image"]) != set(held_back["image"])


def test_single_photographs_are_never_held_back():
    training, held_back = inner_validation.split_rows(table(("a", 0), ("b", 1)), 0.5, 0)
    assert held_back.empty and len(training) == 2


def test_reciprocal_rank_by_hand():
    """Labels a b b c. The first query's c comes third, the second's b first."""
    similarity = torch.tensor([[0.9, 0.2, 0.8, 0.5], [0.1, 0.2, 0.7, 0.6]])
    rank = inner_validation.mean_reciprocal_rank(
        similarity, np.array([2, 1]), np.array([0, 1, 1, 2])
    )
    assert rank == pytest.approx((1 / 3 + 1) / 2)


def test_a_tie_counts_as_ahead_and_a_missing_identity_as_0():
    labels = np.array([0, 1])
    assert (
        inner_validation.mean_reciprocal_rank(torch.tensor([[0.5, 0.5]]), np.array([1]), labels)
        == 0.5
    )
    assert (
        inner_validation.mean_reciprocal_rank(torch.tensor([[0.5, 0.5]]), np.array([7]), labels)
        == 0
    )


@pytest.mark.parametrize("scores, epochs", [([1], 0), ([1, 2, 2], 1), ([3, 2, 1], 2), ([1, 1], 1)])
def test_epochs_are_counted_from_the_first_of_the_best(scores, epochs):
    assert inner_validation.epochs_since_best(scores) == epochs


def test_a_pseudo_label_is_never_held_back():
    rows = table(("a", 0), ("a", 1), ("b", 2), ("b", 3)).assign(only_fold=["", "0", "", ""])
    for seed in range(5):
        assert set(inner_validation.split_rows(rows, 0.5, seed)[1]["identity"]) == {"b"}


def test_few_shot_accuracy_needs_twenty_individuals(monkeypatch):
    """Every query has the vector of its individual's gallery photograph."""
    monkeypatch.setattr(
        inner_validation, "embed_rows", lambda net, views, rows: torch.eye(25)[rows]
    )
    labels = np.arange(25)
    every = inner_validation.InnerValidation(Path("crops.npy"), 3, labels, labels, labels, labels)
    assert every.evaluate(torch.nn.Identity()) == {"inner": 1.0, "way20_shot1": 1.0}
    few = inner_validation.InnerValidation(
        Path("crops.npy"), 3, labels[:7], labels[:7], labels, labels
    )
    scores = few.evaluate(torch.nn.Identity())
    assert scores["inner"] == 1.0 and np.isnan(scores["way20_shot1"])


def test_of_an_encounter_of_several_animals_one_is_asked_for():
    """Encounters of two animals each, with a new_whale and with the only photograph of another."""
    rows = [(f"w{number}", number // 2 + 10 * day) for day in range(2) for number in range(8)]
    singles = [(f"single{encounter}", encounter) for encounter in range(2)]
    unknown = [(NEW_WHALE, encounter) for encounter in range(4)]
    folds = table(*rows, *singles, *unknown)
    for seed in range(10):
        training, held_back = inner_validation.split_rows(folds, 0.5, seed)
        assert set(training["identity"]) == set(folds["identity"])
        assert len(held_back) == held_back["group"].nunique() > 0
        assert not set(training["group"]) & set(held_back["group"])
        assert not held_back["identity"].str.startswith(("single", NEW_WHALE)).any()


def test_an_encounter_with_a_pseudo_label_is_not_held_back():
    rows = table(("a", 0), ("b", 0), ("a", 1), ("b", 2)).assign(only_fold=["", "0", "", ""])
    for seed in range(5):
        _, held_back = inner_validation.split_rows(rows, 1.0, seed)
        assert held_back["group"].tolist() == [1]
