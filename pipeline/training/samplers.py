"""Batches of P identities with K views each, the same for the same (seed, epoch)."""

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.params.training import Sampler
from pipeline.training.dataset import View


class IdentityBatches:
    """A batch sampler: every batch holds P identities x K views, and some new_whale images.

    An identity takes slots of K views in an epoch. With `power` 1 an identity of n images has
    ceil(n / K) slots, so that an epoch shows every image of a known identity at least once; the
    rarest get more slots until the last batch is full too. A slot with fewer than K photographs
    repeats them, each view augmented from another seed (Hermans et al. 2017, arXiv:1703.07737,
    with the filling of the 2018 few-shot whale solutions). new_whale images are sampled anew for
    every batch.

    Parameters
    ----------
    rows, labels : the images' rows in the packed array and their labels, -1 for new_whale
    sampler : identities (P) and views (K); new_whale_fraction, of a batch that new_whale images
        take, on top of P x K; power: the slots are divided in proportion to ceil(n / K)^power (0:
        equally); min_views per identity and epoch
    flip : "none", "augment" (half of the views are mirrored) or "identity" (half of the slots
        are mirrored as a whole and carry label + number of identities)
    """

    def __init__(
        self, rows: np.ndarray, labels: np.ndarray, sampler: Sampler, *, flip: str, seed: int
    ) -> None:
        self.by_label = [rows[labels == label] for label in range(labels.max() + 1)]
        self.new_whale = rows[labels == -1]
        self.identities = min(sampler.identities, len(self.by_label))
        self.views = sampler.views
        known = self.identities * self.views
        wanted = round(known * sampler.new_whale_fraction / (1 - sampler.new_whale_fraction))
        self.new_whale_count = min(wanted, len(self.new_whale))
        self.flip = flip
        self.seed = seed
        self.epoch = 0
        photographs = [len(images) for images in self.by_label]
        self.slots = count_slots(photographs, self.views, sampler.power, sampler.min_views)

    def __len__(self) -> int:
        return -(-int(self.slots.sum()) // self.identities)

    @property
    def batch_views(self) -> int:
        """The number of views in a batch."""
        return self.identities * self.views + self.new_whale_count

    def count_views(self) -> np.ndarray:
        """The views of each identity in an epoch, without the slots that fill the last batch."""
        return self.slots * self.views

    def __iter__(self) -> Iterator[list[View]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        counts = self._fill_batches(rng)
        slots = [
            self._divide_images(images, count, rng)
            for images, count in zip(self.by_label, counts, strict=True)
        ]
        for labels in assign_labels(counts, self.identities, rng):
            known = [self._sample_slot(label, slots[label].pop(), rng) for label in labels]
            yield [view for views in known for view in views] + self._sample_new_whales(rng)

    def _fill_batches(self, rng: np.random.Generator) -> np.ndarray:
        """Slots of every identity, with some more of the rarest until all batches are full."""
        counts = self.slots.copy()
        for _ in range(-counts.sum() % self.identities):
            counts[np.argmin(counts + rng.random(len(counts)))] += 1
        return counts

    def _divide_images(
        self, images: np.ndarray, count: int, rng: np.random.Generator
    ) -> list[np.ndarray]:
        """Divide images into `count` slots of at most K distinct rows, no row unused."""
        shuffled = rng.permutation(images)
        starts = range(0, count * self.views, self.views)
        return [self._complete_slot(shuffled[at : at + self.views], images, rng) for at in starts]

    def _complete_slot(
        self, slot: np.ndarray, images: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Complete a short slot with other photographs of the identity, if there are any."""
        # drawn for a full slot too, though not needed: the batches stay those of earlier versions
        order = rng.permutation(len(images) - len(slot))
        if len(slot) == self.views:
            return slot
        # sets: of a few rows each, np.setdiff1d takes ten times as long
        others = np.array(sorted({*images.tolist()} - {*slot.tolist()}), dtype=slot.dtype)
        return np.concatenate([slot, others[order]])[: self.views]

    def _sample_slot(self, label: int, rows: np.ndarray, rng: np.random.Generator) -> list[View]:
        mirrored = self.flip == "identity" and rng.random() < 0.5
        if mirrored:
            label += len(self.by_label)
        filled = [rows[at % len(rows)] for at in range(self.views)]
        return [sample_view(row, label, mirrored, self.flip, rng) for row in filled]

    def _sample_new_whales(self, rng: np.random.Generator) -> list[View]:
        chosen = rng.choice(self.new_whale, self.new_whale_count, replace=False)
        return [
            sample_view(row, -1, self.flip == "identity" and rng.random() < 0.5, self.flip, rng)
            for row in chosen
        ]


def sample_view(row: int, label: int, mirrored: bool, flip: str, rng: np.random.Generator) -> View:
    """Sample one view of a photograph with a new seed; half are mirrored if `flip` is augment."""
    flipped = rng.random() < 0.5 if flip == "augment" else mirrored
    return View(int(row), int(label), bool(flipped), int(rng.integers(2**31)))


def count_slots(photographs: Sequence[int], views: int, power: float, min_views: int) -> np.ndarray:
    """Number of slots of `views` views that each identity has in an epoch, one or more."""
    whole = np.array([-(-count // views) for count in photographs])
    wanted = whole.astype(float) ** power
    wanted *= whole.sum() / wanted.sum()
    return np.maximum(np.rint(wanted).astype(int), max(1, -(-min_views // views)))


def assign_labels(counts: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Yield the labels of every batch of `size`; label i occurs `counts[i]` times in all batches.

    A label occurs twice in a batch only if that cannot be avoided (more than K views of one
    identity would crowd others out): labels that need a slot in every remaining batch come first,
    the others are sampled in proportion to their remaining slots.
    """
    left = counts.copy()
    for batches in range(int(counts.sum()) // size, 0, -1):
        batch: list[int] = []
        while len(batch) < size:
            # weighted sampling without replacement: Efraimidis and Spirakis 2006
            keys = rng.random(len(left)) ** (1 / np.maximum(left, 1)) + (left >= batches)
            keys[left == 0] = -1
            wanted = min(size - len(batch), int(np.count_nonzero(left)))
            highest = np.argpartition(-keys, wanted - 1)[:wanted]
            sampled = highest[np.argsort(-keys[highest])]
            left[sampled] -= 1
            batch += sampled.tolist()
        yield batch
