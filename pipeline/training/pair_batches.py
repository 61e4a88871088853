"""Batches for siamese networks: every image beside a positive and a hard negative."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from pipeline.losses.hard_negatives import assign_hard_negatives, score_all_pairs
from pipeline.models.pair_head import PairHead
from pipeline.training.dataset import View
from pipeline.training.samplers import sample_view


class PairBatches:
    """A batch sampler of triples: an anchor, a positive, a negative.

    An epoch shows every image of a known identity as an anchor; the positive of an identity's only
    photograph is another view of it. new_whale images are negatives only.

    Parameters
    ----------
    rows, labels : the images' rows in the packed array and their labels, -1 for new_whale
    identities : triples per batch; some anchors come twice in an epoch, so that the last is full
    flip : "none", "augment" or "identity", as of `IdentityBatches`; a hard negative is mirrored
        like the others of its triple

    Attributes
    ----------
    hard_negatives : the negative of each image, an index into `rows`; with -1, as at the start, the
        negative is random
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
        self.hard_negatives = np.full(len(rows), -1)

    def __len__(self) -> int:
        return -(-len(self.known) // self.identities)

    @property
    def batch_views(self) -> int:
        """The number of views in a batch."""
        return 3 * self.identities

    def count_views(self) -> np.ndarray:
        """The views of each identity in an epoch, as anchor and as positive."""
        return 2 * np.bincount(self.labels[self.known])

    def __iter__(self) -> Iterator[list[View]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        positives = sample_positives(self.labels, rng)
        anchors = np.concatenate([rng.permutation(self.known), rng.permutation(self.known)])
        anchors = np.resize(anchors, len(self) * self.identities)
        for start in range(0, len(anchors), self.identities):
            batch = anchors[start : start + self.identities]
            yield [view for at in batch for view in self._sample_triple(at, positives[at], rng)]

    def _sample_triple(self, anchor: int, positive: int, rng: np.random.Generator) -> list[View]:
        mirrored = self.flip == "identity" and rng.random() < 0.5
        negative, negative_mirrored = self.hard_negatives[anchor], mirrored
        if negative < 0:
            negative = rng.choice(np.flatnonzero(self.labels != self.labels[anchor]))
            negative_mirrored = self.flip == "identity" and rng.random() < 0.5
        return [
            self._sample_view(anchor, mirrored, rng),
            self._sample_view(positive, mirrored, rng),
            self._sample_view(negative, negative_mirrored, rng),
        ]

    def _sample_view(self, at: int, mirrored: bool, rng: np.random.Generator) -> View:
        label = self.labels[at]
        if mirrored and label >= 0:
            label += self.labels.max() + 1
        return sample_view(self.rows[at], label, mirrored, self.flip, rng)


def sample_positives(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For every image the index of another one of its individual, or of itself if it is the only.

    The images of one individual are put into a random circle; each gets the next.
    """
    positives = np.arange(len(labels))
    for label in range(labels.max() + 1):
        circle = rng.permutation(np.flatnonzero(labels == label))
        positives[circle] = np.roll(circle, -1)
    return positives


def build_scorer(
    vectors: Tensor, head: PairHead | None
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Build a function of rows and columns of n x d unit vectors that scores all their pairs.

    The scores are probabilities by `head`, or cosines without one.
    """

    def score(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        second = vectors[columns]
        if head is None:
            return (vectors[rows] @ second.T).cpu().double().numpy()
        scores = score_all_pairs(head, vectors[rows], second).sigmoid()
        return scores.cpu().double().numpy()

    return score


def mine_hard_negatives(
    vectors: Tensor,
    head: PairHead | None,
    labels: np.ndarray,
    block: int,
    noise: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Index of the hard negative of every image of a known identity; -1 for none and new_whale.

    See `losses.hard_negatives` for `block` and `noise`.
    """
    with torch.no_grad():
        score = build_scorer(vectors, head)
        return assign_hard_negatives(score, labels, block, noise, rng, labels >= 0)
