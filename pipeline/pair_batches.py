"""Batches for twin networks: every image beside one like it and a hard stranger."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from pipeline import assignment
from pipeline.dataset import View
from pipeline.samplers import view

PAIRS_AT_ONCE = 1 << 22  # numbers of pairs that a head compares at a time


class PairBatches:
    """A batch sampler: `identities` triples of an image, another of its individual, a stranger.

    An epoch shows every image of a known identity once as the first of a triple; the only
    photograph of an identity stands beside another view of itself. The stranger is the one that
    `strangers` names (places in rows, -1 for none), and a random one where it names none, as in the
    first epoch. new_whale images are strangers alone.

    Parameters
    ----------
    rows, labels : the images' rows in the packed array and their labels, -1 for new_whale
    identities : triples a batch; the last batch of an epoch may have fewer
    flip : "none", "augment" or "identity", as of `IdentityBatches`
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
        order = rng.permutation(self.known)
        for start in range(0, len(order), self.identities):
            batch = order[start : start + self.identities]
            yield [seen for at in batch for seen in self._triple(at, likes[at], rng)]

    def _triple(self, at: int, like: int, rng: np.random.Generator) -> list[View]:
        mirrored = self.flip == "identity" and rng.random() < 0.5
        stranger = self.strangers[at]
        while stranger < 0 or self.labels[stranger] == self.labels[at]:
            stranger = rng.integers(len(self.rows))
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
        step = max(1, PAIRS_AT_ONCE // (second.shape[0] * second.shape[1]))
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
    """Every image's hard stranger by what the network says now; a place, -1 for none."""
    with torch.no_grad():
        return assignment.hard_negatives(similarity(vectors, head), labels, block, noise, rng)
