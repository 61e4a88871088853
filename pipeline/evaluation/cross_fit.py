"""Cross-fitting: a quantity fitted on held-out queries never scores a query of its own fit."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt


class CrossFit:
    """Splits the held-out queries into parts by duplicate group, in the shape of scikit-learn.

    `for fit, score in cross_fit:` gives two boolean masks over the q queries for each part: fit on
    the first, score the second. Over all parts every query is scored once.

    groups : q duplicate groups; a group is never on both sides
    count : parts; fewer come out if there are fewer groups
    held_out : q bool, all True by default. The other queries (the test's) are never fitted on; they
        form one part more, number `count`, which is scored by the fit on all held-out queries

    Attributes: part (q, the number of each query's part), numbers (of the parts, in the order of
    iteration, which is ascending).
    """

    def __init__(
        self,
        groups: npt.ArrayLike,
        count: int,
        seed: int,
        held_out: np.ndarray | None = None,
    ) -> None:
        groups = np.asarray(groups)
        self._held_out = np.ones(len(groups), bool) if held_out is None else held_out
        unique, codes = np.unique(groups[self._held_out], return_inverse=True)
        order = np.random.default_rng(seed).permutation(len(unique))
        self.part = np.full(len(groups), count)
        self.part[self._held_out] = (order % count)[codes]
        self.numbers: list[int] = np.unique(self.part).tolist()

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for number in self.numbers:
            score = self.part == number
            yield self._held_out & ~score, score
