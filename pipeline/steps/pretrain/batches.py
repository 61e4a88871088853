"""Batches of all photographs, without their labels."""

from collections.abc import Iterator

import numpy as np

from pipeline.training.dataset import View


class PhotographBatches:
    """A batch sampler: all photographs in a new order every epoch, each with `views` views.

    A batch has the first views of its photographs, then the second ones. A last batch of one
    photograph is left out: batch normalisation needs two.
    """

    def __init__(self, count: int, batch: int, views: int, seed: int) -> None:
        self.count, self.batch, self.views, self.seed = count, min(batch, count), views, seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.count // self.batch + (self.count % self.batch > 1)

    def __iter__(self) -> Iterator[list[View]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        order = rng.permutation(self.count)
        for number in range(len(self)):
            rows = order[number * self.batch : (number + 1) * self.batch]
            yield [
                View(int(row), int(row), False, int(rng.integers(2**31)))
                for _ in range(self.views)
                for row in rows
            ]
