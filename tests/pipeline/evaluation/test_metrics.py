"""Scores of rankings against the competition's own definition, and by hand."""

import numpy as np
import pytest

from pipeline.evaluation import metrics


def slow_average_precision(truth: str, ranking: list[str]) -> float:
    """The competition's: sum over k of P(k) x rel(k), k up to min(n, 5), for one right label."""
    total = 0.0
    for k in range(1, min(len(ranking), 5) + 1):
        precision = sum(label == truth for label in ranking[:k]) / k
        total += precision * (ranking[k - 1] == truth)
    return total


def test_precision_at_5_is_the_competitions():
    rng = np.random.default_rng(0)
    labels = [f"w{i}" for i in range(8)] + ["new_whale"]
    truths = rng.choice(labels, 200).tolist()
    rankings = [rng.permutation(labels)[: rng.integers(1, 8)].tolist() for _ in truths]
    slow = [slow_average_precision(*pair) for pair in zip(truths, rankings, strict=True)]
    np.testing.assert_allclose(metrics.precision_at_5(truths, rankings), slow)
    assert 0 < np.mean(slow) < 1


TRUTHS = ["w1", "w2", "new_whale", "w4"]
RANKINGS = [
    ["w1", "w2", "w3", "w4", "w5"],  # rank 1
    ["w1", "new_whale", "w2", "w4", "w5"],  # rank 3
    ["w1", "w2", "w3", "w4", "new_whale"],  # rank 5
    ["w1", "w2", "w3", "w5", "w6", "w4"],  # rank 6: too late
]


def test_map5_and_top_k_by_hand():
    ones = np.ones(4)
    assert metrics.map5(TRUTHS, RANKINGS, ones) == pytest.approx((1 + 1 / 3 + 1 / 5 + 0) / 4)
    assert metrics.top_k(1, TRUTHS, RANKINGS, ones) == 1 / 4
    assert metrics.top_k(3, TRUTHS, RANKINGS, ones) == 2 / 4
    assert metrics.top_k(5, TRUTHS, RANKINGS, ones) == 3 / 4


def test_weights_count_as_repetitions():
    weights = np.array([1, 3, 0, 2])
    expected = (1 * 1 + 3 / 3 + 0 + 0) / 6
    assert metrics.map5(TRUTHS, RANKINGS, weights) == pytest.approx(expected)
    often = [i for i, times in enumerate(weights) for _ in range(times)]
    repeated = metrics.map5([TRUTHS[i] for i in often], [RANKINGS[i] for i in often], np.ones(6))
    assert metrics.map5(TRUTHS, RANKINGS, weights) == pytest.approx(repeated)


def test_a_mean_without_weight_is_nan_not_zero():
    assert np.isnan(metrics.map5([], [], np.ones(0)))
    assert np.isnan(metrics.map5(["w1"], [["w1"]], np.zeros(1)))


def test_a_repeated_label_is_refused():
    with pytest.raises(ValueError, match="repeats a label"):
        metrics.precision_at_5(["w1"], [["w1", "w2", "w2"]])


def test_a_missing_ranking_is_refused():
    with pytest.raises(ValueError):
        metrics.precision_at_5(["w1", "w2"], [["w1"]])


def test_short_and_empty_rankings():
    assert metrics.precision_at_5(["w1", "w1"], [["w2", "w1"], []]).tolist() == [0.5, 0]


def test_balanced_accuracy_by_hand():
    """w1: 3 of 4 right, w2: 0 of 1, w3 is not chosen: (3/4 + 0) / 2."""
    right = np.array([True, True, True, False, False, True])
    clusters = ["w1", "w1", "w1", "w1", "w2", "w3"]
    chosen = np.array([True, True, True, True, True, False])
    assert metrics.balanced_accuracy(right, clusters, chosen) == pytest.approx(0.375)
    assert right[chosen].mean() == 0.6  # what it would be unbalanced


def test_balanced_accuracy_counts_only_the_chosen_queries_of_an_individual():
    right = np.array([True, False])
    assert metrics.balanced_accuracy(right, ["w1", "w1"], np.array([True, False])) == 1
    assert np.isnan(metrics.balanced_accuracy(right, ["w1", "w1"], np.zeros(2, dtype=bool)))


def test_first_is_new():
    assert metrics.first_is_new([["new_whale", "w1"], ["w1", "new_whale"]]).tolist() == [
        True,
        False,
    ]
    assert metrics.first_is_new([]).tolist() == []
