"""The scores of rankings: MAP@5 and its relatives, weighted by query.

A ranking is a list of distinct labels, best first. Every query has exactly one right label, so its
average precision at 5 is 1 / rank within the first five and 0 otherwise (the competition's metric:
https://www.kaggle.com/competitions/humpback-whale-identification/overview/evaluation).
"""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.data.tables import NEW_WHALE

Rankings = Collection[Sequence[str]]  # one per query


def precision_at_5(truths: Collection[str], rankings: Rankings) -> np.ndarray:
    """1 / rank of the truth in the first five labels, 0 if it is not among them; one per query."""
    return hits_by_rank(truths, rankings) @ (1 / np.arange(1, 6))


def hits_by_rank(truths: Collection[str], rankings: Rankings) -> np.ndarray:
    """n x 5: 1 if the label at that rank is right. Raises ValueError for a repeated label."""
    hits = np.zeros((len(truths), 5))
    for row, (truth, ranking) in enumerate(zip(truths, rankings, strict=True)):
        first = list(ranking[:5])
        if len(set(first)) < len(first):
            raise ValueError(f"a ranking repeats a label: {first}")
        if truth in first:
            hits[row, first.index(truth)] = 1
    return hits


def mean(values: np.ndarray, weights: npt.ArrayLike) -> float:
    """Weighted mean; NaN if all weights are 0."""
    total = float(np.sum(weights))
    return float(np.dot(values, weights)) / total if total > 0 else float("nan")


def map5(truths: Collection[str], rankings: Rankings, weights: np.ndarray) -> float:
    """Mean average precision at 5."""
    return mean(precision_at_5(truths, rankings), weights)


def top_k(k: int, truths: Collection[str], rankings: Rankings, weights: np.ndarray) -> float:
    """Fraction of queries whose truth is among the first `k` (at most 5) labels."""
    return mean(hits_by_rank(truths, rankings)[:, :k].sum(axis=1), weights)


def balanced_accuracy(right: np.ndarray, clusters: npt.ArrayLike, chosen: np.ndarray) -> float:
    """Mean over individuals of the fraction of their `chosen` queries that are `right`.

    NaN if no query is chosen. With known individuals this is BAKS, with new ones BAUS (AnimalCLEF
    2025).
    """
    clusters = np.asarray(clusters)
    accuracies = [
        right[chosen & (clusters == cluster)].mean() for cluster in sorted(set(clusters[chosen]))
    ]
    return float(np.mean(accuracies)) if accuracies else float("nan")


def first_is_new(rankings: Rankings) -> np.ndarray:
    """True if a query's first label is `new_whale`, one per query."""
    return np.array([ranking[0] == NEW_WHALE for ranking in rankings], dtype=bool)
