"""Matches of two photographs' points by their descriptors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.steps.match.index import LEVELS


@dataclass(frozen=True)
class PointMatches:
    """n matched points of two photographs.

    rows : n x 2, of the first and of the second photograph's points
    distances : n, of the descriptors, whose length is 1
    ratios : n, Lowe's ratio, from 0 to 1: the distance over that to the second photograph's next
        best point; 1 if that is as near or nearer, or if there is none
    """

    rows: np.ndarray
    distances: np.ndarray
    ratios: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, chosen: np.ndarray) -> "PointMatches":
        """Select some of the matches (bool n)."""
        return PointMatches(self.rows[chosen], self.distances[chosen], self.ratios[chosen])


NO_MATCHES = PointMatches(np.empty((0, 2), int), np.empty(0, np.float32), np.empty(0, np.float32))


def match_mutually(
    first: np.ndarray, others: Sequence[np.ndarray], ratio: float
) -> list[PointMatches]:
    """Match a photograph's descriptors with those of each of several others.

    Descriptors match that are each other's nearest and pass Lowe's ratio test.

    first, others : k x d descriptors in bytes; m x d each
    ratio : largest allowed distance relative to that of the first one's second nearest
    """
    extended = extend(first, 0)
    # for all of them: memory that is new takes as long as a third of the product
    memory = np.empty(len(first) * max(map(len, others), default=0), np.float32)
    return [match_with(extended, other, ratio, memory) for other in others]


def match_with(
    first: np.ndarray, other: np.ndarray, ratio: float, memory: np.ndarray
) -> PointMatches:
    """As `match_mutually`, with one other photograph.

    first : extended
    memory : to work in, at least k * m float32
    """
    if not len(first) or len(other) < 2:
        return NO_MATCHES
    similarity = memory[: len(first) * len(other)].reshape(len(first), len(other))
    np.matmul(first, extend(other, 1).T, out=similarity)
    nearest = similarity.argmax(axis=1)
    best = similarity[np.arange(len(first)), nearest]
    mutual = np.flatnonzero(best == similarity.max(axis=0)[nearest])
    # of equal descriptors the first one matches
    mutual = mutual[np.sort(np.unique(nearest[mutual], return_index=True)[1])]
    rivals = similarity[mutual]
    rivals[np.arange(len(mutual)), nearest[mutual]] = -np.inf
    distance, next_best = (
        to_distances(best[mutual]),
        to_distances(rivals.max(axis=1, initial=-np.inf)),
    )
    passed = distance < ratio * next_best
    rows = np.column_stack([mutual[passed], nearest[mutual[passed]]])
    return PointMatches(rows, distance[passed] / LEVELS, distance[passed] / next_best[passed])


def extend(descriptors: np.ndarray, column: int) -> np.ndarray:
    """Extend k x d descriptors by two numbers, to k x (d + 2) float32.

    The product of two extended descriptors, one by `column` 0 and one by 1, is minus half of their
    squared distance. So one matrix product does all; it is exact, since bytes are whole numbers.
    """
    count, size = descriptors.shape
    extended = np.ones((count, size + 2), np.float32)
    numbers = extended[:, :size]
    numbers[:] = descriptors
    extended[:, size + column] = np.einsum("kd,kd->k", numbers, numbers) / -2
    return extended


def to_distances(similarities: np.ndarray) -> np.ndarray:
    """Distances from minus half of their squares."""
    return np.sqrt(np.maximum(-2 * similarities, 0))


def measure_matches(first: np.ndarray, other: np.ndarray, rows: np.ndarray) -> PointMatches:
    """Add to matches (n x 2 rows of k x d and m x d descriptors) their distances and ratios."""
    similarity = extend(first[rows[:, 0]], 0) @ extend(other, 1).T
    at = np.arange(len(rows)), rows[:, 1]
    distance = to_distances(similarity[at])
    similarity[at] = -np.inf
    next_best = to_distances(similarity.max(axis=1, initial=-np.inf))
    defined = np.isfinite(next_best) & (next_best > 0)
    ratio = np.divide(distance, next_best, out=np.ones(len(rows), np.float32), where=defined)
    return PointMatches(rows, distance / LEVELS, np.minimum(ratio, 1))
