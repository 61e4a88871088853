"""The scores of rankings: MAP@5 and its relatives, weighted by query.

A ranking is a list of distinct labels, best first. Every query has exactly one right label, so its
average precision at 5 is 1 / rank within the first five and 0 otherwise (the competition's metric:
https://www.kaggle.com/competitions/humpback-whale-identification/overview/evaluation).
"""

from collections.abc import Sequence

import numpy as np

from pipeline.data.tables import NEW_WHALE

Rankings = Sequence[Sequence[str]]


def precision_at_5(truths: Sequence[str], rankings: Rankings) -> np.ndarray:
    """1 / rank of the truth in the first five labels, 0 where it is not among them; one a query."""
    return hits_by_rank(truths, rankings) @ (1 / np.arange(1, 6))


def hits_by_rank(truths: Sequence[str], rankings: Rankings) -> np.ndarray:
    """n x 5: 1 where the label at that rank is right. Raises ValueError for a repeated label."""
    hits = np.zeros((len(truths), 5))
    for row, (truth, ranking) in enumerate(zip(truths, rankings, strict=True)):
        first = list(ranking[:5])
        if len(set(first)) < len(first):
            raise ValueError(f"a ranking repeats a label: {first}")
        if truth in first:
            hits[row, first.index(truth)] = 1
    return hits


def mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Weighted mean; NaN where nothing carries weight."""
    total = float(np.sum(weights))
    return float(np.dot(values, weights)) / total if total > 0 else float("nan")


def map5(truths: Sequence[str], rankings: Rankings, weights: np.ndarray) -> float:
    """Mean average precision at 5."""
    return mean(precision_at_5(truths, rankings), weights)


def top(k: int, truths: Sequence[str], rankings: Rankings, weights: np.ndarray) -> float:
    """Share of queries whose truth is among the first `k` (at most 5) labels."""
    return mean(hits_by_rank(truths, rankings)[:, :k].sum(axis=1), weights)


def balanced_accuracy(right: np.ndarray, clusters: Sequence[str], chosen: np.ndarray) -> float:
    """Mean over individuals of the share of their `chosen` queries that are `right`; NaN for none.

    With known individuals this is BAKS, with new ones BAUS (AnimalCLEF 2025).
    """
    clusters = np.asarray(clusters)
    shares = [right[chosen & (clusters == one)].mean() for one in sorted(set(clusters[chosen]))]
    return float(np.mean(shares)) if shares else float("nan")


def first_is_new(rankings: Rankings) -> np.ndarray:
    """True where a query's first label is `new_whale`."""
    return np.array([ranking[0] == NEW_WHALE for ranking in rankings], dtype=bool)
