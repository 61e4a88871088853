"""Batches for twin networks: every image beside one like it and a hard stranger."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from pipeline.losses import hard_negatives
from pipeline.training.dataset import View
from pipeline.training.samplers import view

AT_ONCE = 1 << 25  # numbers that a head works on at a time: 128 MB


class PairBatches:
    """A batch sampler: `identities` triples of an image, another of its individual, a stranger.

    An epoch shows every image of a known identity as the first of a triple; the only
    photograph of an identity stands beside another view of itself. The stranger is the one that
    `strangers` names (places in rows, -1 for none), and a random one where it names none, as in the
    first epoch. new_whale images are strangers alone.

    Parameters
    ----------
    rows, labels : the images' rows in the packed array and their labels, -1 for new_whale
    identities : triples a batch; some images come twice in an epoch, so that the last is full
    flip : "none", "augment" or "identity", as of `IdentityBatches`; a stranger that was mined is
        mirrored like the others of its triple
    """

    def __init__(
        self, rows: np.ndarray, labels: np.ndarray, *, identities: int, flip: str, seed: int
    ) -> None:
        self.rows, self.labels = rows, labels
        self.known = np.flatnonzero(labels >= 0)
        self.identities = identities
        self.flip = flip
        self.seed = seed
        self.epoch = 0
        self.strangers = np.full(len(rows), -1)

    def __len__(self) -> int:
        return -(-len(self.known) // self.identities)

    def __iter__(self) -> Iterator[list[View]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        likes = alike(self.labels, rng)
        order = np.concatenate([rng.permutation(self.known), rng.permutation(self.known)])
        order = np.resize(order, len(self) * self.identities)
        for start in range(0, len(order), self.identities):
            batch = order[start : start + self.identities]
            yield [seen for at in batch for seen in self._triple(at, likes[at], rng)]

    def _triple(self, at: int, like: int, rng: np.random.Generator) -> list[View]:
        mirrored = self.flip == "identity" and rng.random() < 0.5
        stranger, other = self.strangers[at], mirrored
        if stranger < 0:
            stranger = rng.choice(np.flatnonzero(self.labels != self.labels[at]))
            other = self.flip == "identity" and rng.random() < 0.5
        return [
            self._view(at, mirrored, rng),
            self._view(like, mirrored, rng),
            self._view(stranger, other, rng),
        ]

    def _view(self, at: int, mirrored: bool, rng: np.random.Generator) -> View:
        label = self.labels[at]
        if mirrored and label >= 0:
            label += self.labels.max() + 1
        return view(self.rows[at], label, mirrored, self.flip, rng)


def alike(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For every image another of its individual (a place), itself where there is none.

    The images of one individual are put in a random circle and each is given the next.
    """
    like = np.arange(len(labels))
    for label in range(labels.max() + 1):
        circle = rng.permutation(np.flatnonzero(labels == label))
        like[circle] = np.roll(circle, -1)
    return like


def similarity(
    vectors: Tensor, head: torch.nn.Module | None
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A function of rows and columns of n x d unit vectors: chances by `head`, or cosines.

    The head sees so many pairs at a time that memory stays small, whatever the block.
    """

    def scores(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        second = vectors[columns]
        if head is None:
            return (vectors[rows] @ second.T).cpu().double().numpy()
        step = max(1, AT_ONCE // (len(second) * head.numbers))
        parts = [
            head(vectors[rows[at : at + step], None], second[None])
            for at in range(0, len(rows), step)
        ]
        return torch.cat(parts).sigmoid().cpu().double().numpy()

    return scores


def mined(
    vectors: Tensor,
    head: torch.nn.Module | None,
    labels: np.ndarray,
    block: int,
    noise: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """The hard stranger of every known identity's image, a place; -1 for none, and new_whale."""
    with torch.no_grad():
        scores = similarity(vectors, head)
        return hard_negatives.hard_negatives(scores, labels, block, noise, rng, labels >= 0)
