"""Nearest neighbour on features that a classifier of the background classes learned.

With few classes to learn from, a plain classifier is as good a start as an episodic one (Chen et
al. 2019, "A closer look at few-shot classification", arXiv:1904.04232, their Baseline++).
"""

import torch
import torch.nn.functional as F
from sklearn.covariance import LedoitWolf
from torch import Tensor, nn

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Episodes, Support, class_best, whole

SCALE = 16.0  # of the cosines that the classifier's softmax sees
DISTANCES = ("euclidean", "cosine", "mahalanobis")


class Nearest(Learner):
    """A class's score is that of its nearest example.

    mahalanobis: Euclidean after dividing by the background classes' spread within a class,
    covariances shrunk as Ledoit and Wolf (2004) do.
    """

    def __init__(self, encoder: Encoder, classes: int, distance: str) -> None:
        super().__init__()
        if distance not in DISTANCES:
            raise ValueError(f"distance is {distance!r}: one of {DISTANCES}")
        self.encoder, self.distance = encoder, distance
        self.prototypes = nn.Parameter(torch.randn(classes, encoder.dim) * 0.01)
        self.register_buffer("whitening", torch.eye(encoder.dim))

    def loss(self, episodes: Episodes) -> Tensor:
        """Cross-entropy of classifying inputs among all background classes.

        Supports count as much as queries, however many more they are: in re-ranking they are
        photographs that the embedding was trained on, and queries are not.
        """
        every, support = whole(episodes), episodes.support
        truth = episodes.classes.gather(1, every.labels)
        vectors = F.normalize(every.encoded(self.encoder), dim=-1)
        cosines = vectors @ F.normalize(self.prototypes).T
        each = F.cross_entropy(SCALE * cosines.flatten(0, 1), truth.flatten(), reduction="none")
        each, count = each.view_as(truth), support.labels.shape[1]
        return (each[:, :count][support.weights > 0].mean() + each[:, count:].mean()) / 2

    @torch.no_grad()
    def settle(self, episodes: list[Episodes]) -> None:
        """The spread within a class, of background tasks."""
        if self.distance == "mahalanobis":
            self.whitening.copy_(whitening(torch.cat([self._spread(one) for one in episodes])))

    def _spread(self, episodes: Episodes) -> Tensor:
        """Every query's differences from its class's examples in its task, m x d.

        Differences among examples are left out: see `loss`.
        """
        support = episodes.support
        apart = self.encoder(episodes.queries)[:, :, None] - support.encoded(self.encoder)[:, None]
        same = episodes.truth[..., None] == support.labels[:, None]
        return apart[same & (support.weights > 0)[:, None]]

    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        told = self.similarity(self.encoder(queries), support.encoded(self.encoder))
        return class_best(told, support, ways)

    def similarity(self, first: Tensor, second: Tensor) -> Tensor:
        """t x q x d and t x n x d vectors to t x q x n: cosines, or distances below 0."""
        if self.distance == "cosine":
            return F.normalize(first, dim=-1) @ F.normalize(second, dim=-1).transpose(1, 2)
        if self.distance == "mahalanobis":
            first, second = first @ self.whitening, second @ self.whitening
        return -torch.cdist(first, second)


def whitening(spread: Tensor) -> Tensor:
    """d x d: what turns vectors that spread like these (m x d) into ones that spread evenly."""
    fitted = LedoitWolf(assume_centered=True).fit(spread.double().numpy())
    values, axes = torch.linalg.eigh(torch.from_numpy(fitted.covariance_))
    return (axes / values.clamp(min=1e-12).sqrt()).to(spread.dtype)
