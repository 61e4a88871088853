"""Batches of P identities with K views each, the same for the same (seed, epoch)."""

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.training.dataset import View


class IdentityBatches:
    """A batch sampler: every batch holds P identities x K views, and some new_whale images.

    With `power` 1 an epoch shows every image of a known identity at least once. An identity with n
    images takes ceil(n / K) places in it, and the rarest take some more, so that the last batch is
    full too. A place that lacks photographs is filled with further views of the ones it has, each
    augmented from a seed of its own (Hermans et al. 2017, arXiv:1703.07737, with the filling of the
    2018 few-shot whale solutions). new_whale images are drawn anew for every batch.

    Parameters
    ----------
    rows, labels : the images' rows in the packed array and their labels, -1 for new_whale
    identities, views : P and K
    new_whale_fraction : share of a batch taken by new_whale images, on top of P x K
    power : identities share the same number of places in proportion to ceil(n / K)^power: with 0
        each comes equally often
    min_views : every identity has at least so many views an epoch
    flip : "none", "augment" (half of the views are mirrored) or "identity" (half of the places
        are mirrored as a whole and carry label + number of identities)
    """

    def __init__(
        self,
        rows: np.ndarray,
        labels: np.ndarray,
        *,
        identities: int,
        views: int,
        new_whale_fraction: float,
        power: float,
        min_views: int,
        flip: str,
        seed: int,
    ) -> None:
        self.by_label = [rows[labels == label] for label in range(labels.max() + 1)]
        self.new_whale = rows[labels == -1]
        self.identities = min(identities, len(self.by_label))
        self.views = views
        known = self.identities * views
        wanted = round(known * new_whale_fraction / (1 - new_whale_fraction))
        self.new_whale_count = min(wanted, len(self.new_whale))
        self.flip = flip
        self.seed = seed
        self.epoch = 0
        self.places = places([len(images) for images in self.by_label], views, power, min_views)

    def __len__(self) -> int:
        return -(-int(self.places.sum()) // self.identities)

    def __iter__(self) -> Iterator[list[View]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        counts = self._counts(rng)
        waiting = [
            self._places(images, count, rng)
            for images, count in zip(self.by_label, counts, strict=True)
        ]
        for labels in deal(counts, self.identities, rng):
            known = [self._views(label, waiting[label].pop(), rng) for label in labels]
            yield [view for views in known for view in views] + self._strangers(rng)

    def _counts(self, rng: np.random.Generator) -> np.ndarray:
        """Places of every identity, so many that they fill whole batches."""
        counts = self.places.copy()
        for _ in range(-counts.sum() % self.identities):
            counts[np.argmin(counts + rng.random(len(counts)))] += 1
        return counts

    def _places(self, images: np.ndarray, count: int, rng: np.random.Generator) -> list[np.ndarray]:
        """`count` times at most K distinct rows; every image is shown before any is repeated."""
        shuffled = rng.permutation(images)
        starts = range(0, count * self.views, self.views)
        return [self._completed(shuffled[at : at + self.views], images, rng) for at in starts]

    def _completed(
        self, chunk: np.ndarray, images: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """A short chunk takes other photographs of the identity before any of its own twice."""
        others = rng.permutation(np.setdiff1d(images, chunk))
        return np.concatenate([chunk, others])[: self.views]

    def _views(self, label: int, rows: np.ndarray, rng: np.random.Generator) -> list[View]:
        mirrored = self.flip == "identity" and rng.random() < 0.5
        if mirrored:
            label += len(self.by_label)
        filled = [rows[at % len(rows)] for at in range(self.views)]
        return [view(row, label, mirrored, self.flip, rng) for row in filled]

    def _strangers(self, rng: np.random.Generator) -> list[View]:
        chosen = rng.choice(self.new_whale, self.new_whale_count, replace=False)
        return [
            view(row, -1, self.flip == "identity" and rng.random() < 0.5, self.flip, rng)
            for row in chosen
        ]


def view(row: int, label: int, mirrored: bool, flip: str, rng: np.random.Generator) -> View:
    """One view of a photograph, with a seed of its own; half are mirrored where flip is augment."""
    flipped = rng.random() < 0.5 if flip == "augment" else mirrored
    return View(int(row), int(label), bool(flipped), int(rng.integers(2**31)))


def places(photographs: Sequence[int], views: int, power: float, min_views: int) -> np.ndarray:
    """How many places of `views` views each identity has in an epoch, one or more."""
    whole = np.array([-(-count // views) for count in photographs])
    wanted = whole.astype(float) ** power
    wanted *= whole.sum() / wanted.sum()
    return np.maximum(np.rint(wanted).astype(int), max(1, -(-min_views // views)))


def deal(counts: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """The labels of every batch of `size`: label i comes `counts[i]` times in all.

    A label comes twice in a batch only where it can't be helped (it would make the batch's share
    of it larger than K and crowd others out): one that needs a place in every batch that is left
    is taken first; the others are drawn in proportion to what they still have.
    """
    left = counts.copy()
    for batches in range(int(counts.sum()) // size, 0, -1):
        batch: list[int] = []
        while len(batch) < size:
            # weighted sampling without replacement: Efraimidis and Spirakis 2006
            keys = rng.random(len(left)) ** (1 / np.maximum(left, 1)) + (left >= batches)
            keys[left == 0] = -1
            wanted = min(size - len(batch), np.count_nonzero(left))
            drawn = np.argsort(-keys)[:wanted]
            left[drawn] -= 1
            batch += drawn.tolist()
        yield batch
