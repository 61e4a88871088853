"""The stratified random sample of photographs that are reviewed.

Strata are ranges of the predicted probability of being a first photograph. Each has a random order
of its photographs; its sample is a beginning of that order, so that a larger sample contains a
smaller one. A first sample of equal size per stratum shows how much the strata vary; the second is
allocated by that (Neyman 1934).
"""

from dataclasses import dataclass

import numpy as np

EDGES = np.array([0.005, 0.03, 0.1, 0.25, 0.5, 0.8])
SMALLEST = 15  # photographs of a stratum
PILOT = 12  # photographs of each stratum that are reviewed first
Z = 1.96


@dataclass(frozen=True)
class Strata:
    """Photographs by stratum, numbered from 0, each stratum in a random order."""

    orders: list[np.ndarray]

    @property
    def sizes(self) -> np.ndarray:
        """How many photographs each stratum has."""
        return np.array([len(order) for order in self.orders], int)

    def sample(self, counts: np.ndarray) -> list[np.ndarray]:
        """The first photographs of each stratum."""
        return [order[:count] for order, count in zip(self.orders, counts, strict=True)]


def stratify(predicted: np.ndarray, seed: int) -> Strata:
    """Divide photographs by what is predicted; a stratum of a few joins the next, or the last."""
    rng = np.random.default_rng([seed, 0])
    number = np.digitize(predicted, EDGES)
    groups: list[np.ndarray] = []
    waiting = np.zeros(0, int)
    for stratum in range(len(EDGES) + 1):
        waiting = np.concatenate([waiting, np.flatnonzero(number == stratum)])
        if len(waiting) >= SMALLEST:
            groups.append(waiting)
            waiting = np.zeros(0, int)
    if len(waiting):
        last = groups.pop() if groups else np.zeros(0, int)
        groups.append(np.concatenate([last, waiting]))
    return Strata([rng.permutation(group) for group in groups])


def count_pilot(strata: Strata) -> np.ndarray:
    """How many photographs of each stratum are reviewed first."""
    return np.minimum(strata.sizes, PILOT)


def allocate(
    strata: Strata, pilot: np.ndarray, firsts: np.ndarray, known: int, half_width: float
) -> np.ndarray:
    """How many photographs to review for a relative half-width, by the pilot's first photographs.

    pilot, firsts : by stratum, how many were reviewed and how many of them are first ones
    """
    sizes = strata.sizes
    fraction = (firsts + 0.5) / (pilot + 1)
    spread = np.sqrt(fraction * (1 - fraction))
    wanted = half_width * (known + (sizes * fraction).sum()) / Z
    for total in range(int(pilot.sum()), int(sizes.sum()) + 1):
        counts = divide(total, pilot, sizes, spread)
        error = (sizes * spread) ** 2 * (1 / np.maximum(counts, 1) - 1 / np.maximum(sizes, 1))
        if error.sum() <= wanted**2:
            return counts
    return sizes


def divide(total: int, pilot: np.ndarray, sizes: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Divide a sample over strata in proportion to size and spread, at least the pilot of each."""
    weights = sizes * spread
    counts = pilot.astype(float)
    for _ in range(len(sizes)):  # what one stratum can't take goes to the others
        left = total - counts.sum()
        free = (counts < sizes) & (weights > 0)
        if left < 0.5 or not free.any():
            break
        goal = np.where(free, weights, 0) / weights[free].sum() * (counts[free].sum() + left)
        more = np.where(free, np.maximum(goal - counts, 0), 0)
        counts = np.minimum(sizes, counts + more / max(more.sum(), 1e-9) * left)
    return np.minimum(sizes, np.ceil(counts - 1e-9)).astype(int)
