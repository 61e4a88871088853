"""Matches of two photographs' points by their descriptors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.steps.match.index import LEVELS
from pipeline.steps.match.squared_distances import Measure, build_measure

MOST = np.iinfo(np.int32).max  # above all squared distances


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
    measure = build_measure(first, max(map(len, others), default=0))
    return [match_with(first, other, ratio, measure) for other in others]


def match_with(
    first: np.ndarray, other: np.ndarray, ratio: float, measure: Measure
) -> PointMatches:
    """As `match_mutually`, with one other photograph."""
    if not len(first) or len(other) < 2:
        return NO_MATCHES
    squares = measure(other)
    nearest = squares.argmin(axis=1)
    best = squares[np.arange(len(first)), nearest]
    mutual = np.flatnonzero(best == squares.min(axis=0)[nearest])
    # of equal descriptors the first one matches
    mutual = mutual[np.sort(np.unique(nearest[mutual], return_index=True)[1])]
    distance, next_best = measure_nearest(squares[mutual], nearest[mutual])
    passed = distance < ratio * next_best
    rows = np.column_stack([mutual[passed], nearest[mutual[passed]]])
    return PointMatches(rows, distance[passed] / LEVELS, distance[passed] / next_best[passed])


def measure_nearest(squares: np.ndarray, nearest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances of k points to their nearest ones and to the next best; infinite if there is none.

    squares : k x m squared distances, of which the nearest ones' are lost
    nearest : k columns
    """
    at = np.arange(len(squares)), nearest
    distance = np.sqrt(squares[at].astype(np.float32))
    squares[at] = MOST
    rivals = squares.min(axis=1, initial=MOST)
    return distance, np.where(rivals < MOST, np.sqrt(rivals.astype(np.float32)), np.inf)


def measure_matches(first: np.ndarray, other: np.ndarray, rows: np.ndarray) -> PointMatches:
    """Add to matches (n x 2 rows of k x d and m x d descriptors) their distances and ratios."""
    squares = build_measure(first[rows[:, 0]], len(other))(other)
    distance, next_best = measure_nearest(squares, rows[:, 1])
    defined = np.isfinite(next_best) & (next_best > 0)
    ratio = np.divide(distance, next_best, out=np.ones(len(rows), np.float32), where=defined)
    return PointMatches(rows, distance / LEVELS, np.minimum(ratio, 1))
