"""Which photographs of its gallery a query is compared with, and random ones among them.

What grows with the gallery is computed once per gallery and viewpoint, not per query.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.data.viewpoints import are_comparable


@dataclass(frozen=True)
class Comparable:
    """The photographs of one gallery that queries of one viewpoint may be compared with.

    images : their numbers, sorted
    allowed : bool by number
    """

    images: np.ndarray
    allowed: np.ndarray

    def without(self, duplicates: np.ndarray) -> "Comparable":
        """Leave out a query's duplicates, by number."""
        if not len(duplicates):
            return self
        allowed = self.allowed.copy()
        allowed[duplicates] = False
        return Comparable(self.images[allowed[self.images]], allowed)


def select_comparable(
    images: np.ndarray, viewpoints: np.ndarray, viewpoint: str, photographs: int
) -> Comparable:
    """Select what queries of one viewpoint are compared with; "" is an unknown viewpoint.

    images : numbers of the gallery's photographs, sorted, below `photographs`
    viewpoints : of these
    """
    comparable = are_comparable(viewpoint, viewpoints)
    allowed = np.zeros(photographs, bool)
    allowed[images[comparable]] = True
    return Comparable(images[comparable], allowed)


def sample_without(
    images: np.ndarray, left_out: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """Sample from sorted numbers, some of which are left out, without listing the others.

    left_out : sorted numbers among `images`
    count : how many, or all that there are

    Returns the sample and the number of those that it was taken from.
    """
    population = len(images) - len(left_out)
    ranks = rng.choice(population, min(count, population), replace=False)
    # a rank among the others is behind all those left out before it
    before = np.searchsorted(images, left_out) - np.arange(len(left_out))
    return images[ranks + np.searchsorted(before, ranks, side="right")], population
