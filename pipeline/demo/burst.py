"""Random numbers for the photographs of one burst: nearly the same pose, light and sea.

A photograph is drawn by many random numbers. Those of a burst share most of each number, so that
what one photograph hides the next one mostly hides too, as a second later at sea. Every decision
(whether there is a horizon, or a coast) is that of the burst.
"""

from typing import Any

import numpy as np

OWN = 0.35  # of the way from the burst's number to one of the photograph's own


class BurstGenerator:
    """Stands for a `numpy.random.Generator` where a photograph of a burst is drawn.

    shared : seeded alike for all photographs of the burst; own : for this photograph
    """

    def __init__(self, shared: np.random.Generator, own: np.random.Generator) -> None:
        self.shared, self.own = shared, own

    def uniform(self, low: float, high: float, size: int | None = None) -> Any:  # noqa: ANN401
        shared, own = (rng.uniform(low, high, size) for rng in (self.shared, self.own))
        return _blend(shared, own)

    def random(self, size: int | None = None) -> Any:  # noqa: ANN401
        """Numbers in 0..1; a single one is for a decision."""
        shared = self.shared.random(size)
        return shared if size is None else _blend(shared, self.own.random(size))

    def exponential(self, scale: float) -> float:
        return _blend(self.shared.exponential(scale), self.own.exponential(scale))

    def normal(self, mean: float, deviation: float, size: int | None = None) -> Any:  # noqa: ANN401
        shared, own = (rng.normal(0, deviation, size) for rng in (self.shared, self.own))
        return mean + _mix(shared, own)

    def standard_normal(self, size: tuple[int, ...], dtype: Any) -> np.ndarray:  # noqa: ANN401
        shared, own = (rng.standard_normal(size, dtype=dtype) for rng in (self.shared, self.own))
        return _mix(shared, own).astype(dtype)

    def integers(self, low: int, high: int | None = None) -> Any:  # noqa: ANN401
        return self.shared.integers(low, high)


def _blend(shared: Any, own: Any) -> Any:  # noqa: ANN401
    """A number between the two, so that it stays in their range."""
    return shared + OWN * (own - shared)


def _mix(shared: Any, own: Any) -> Any:  # noqa: ANN401
    """A normal number of the same variance as the two."""
    return (1 - OWN**2) ** 0.5 * shared + OWN * own
