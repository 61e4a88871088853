"""Nearest neighbour on features of a classifier that was trained on the background classes.

With few background classes, a plain classifier is as good a start as an episodic one (Chen et al.
2019, "A closer look at few-shot classification", arXiv:1904.04232, their Baseline++).
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Episodes, Support, best_per_class, merge_sets

SCALE = 16.0  # of the cosines in the classifier's softmax
DISTANCES = ("euclidean", "cosine", "mahalanobis")


class Nearest(Learner):
    """A class's score is that of its nearest example.

    mahalanobis: Euclidean distance after whitening by the covariance within the background
    classes, which is shrunk as by Ledoit and Wolf (2004).

    Raises ValueError if `distance` is none of DISTANCES.
    """

    whitening: Tensor

    def __init__(self, encoder: Encoder, classes: int, distance: str) -> None:
        super().__init__()
        if distance not in DISTANCES:
            raise ValueError(f"distance is {distance!r}: one of {DISTANCES}")
        self.encoder, self.distance = encoder, distance
        self.prototypes = nn.Parameter(torch.randn(classes, encoder.dim) * 0.01)
        self.register_buffer("whitening", torch.eye(encoder.dim))

    def loss(self, episodes: Episodes) -> Tensor:
        """Cross-entropy of classifying inputs among all background classes.

        Support and query sets have equal weight, whatever their sizes: in re-ranking, supports
        are photographs that the embedding was trained on, and queries are not.
        """
        merged, support = merge_sets(episodes), episodes.support
        truth = episodes.classes.gather(1, merged.labels)
        vectors = F.normalize(merged.encode(self.encoder), dim=-1)
        cosines = vectors @ F.normalize(self.prototypes).T
        losses = F.cross_entropy(SCALE * cosines.flatten(0, 1), truth.flatten(), reduction="none")
        losses, count = losses.view_as(truth), support.labels.shape[1]
        return (losses[:, :count][support.weights > 0].mean() + losses[:, count:].mean()) / 2

    @torch.no_grad()
    def finish_training(self, batches: Iterable[Episodes]) -> None:
        """Estimate the covariance within a class from batches of episodes."""
        if self.distance == "mahalanobis":
            deviations = torch.cat([self._deviations(episodes) for episodes in batches])
            self.whitening.copy_(whitening_matrix(deviations))

    def _deviations(self, episodes: Episodes) -> Tensor:
        """Differences of every query from the examples of its class in its task, m x d.

        Differences among examples are left out: see `loss`.
        """
        support = episodes.support
        queries = self.encoder(episodes.queries)[:, :, None]
        differences = queries - support.encode(self.encoder)[:, None]
        same = episodes.truth[..., None] == support.labels[:, None]
        return differences[same & (support.weights > 0)[:, None]]

    def score(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        similarities = self.similarity(self.encoder(queries), support.encode(self.encoder))
        return best_per_class(similarities, support, ways)

    def similarity(self, first: Tensor, second: Tensor) -> Tensor:
        """t x q x d and t x n x d vectors to t x q x n: cosines, or negative distances."""
        if self.distance == "cosine":
            return F.normalize(first, dim=-1) @ F.normalize(second, dim=-1).transpose(1, 2)
        if self.distance == "mahalanobis":
            first, second = first @ self.whitening, second @ self.whitening
        return -torch.cdist(first, second)


def whitening_matrix(deviations: Tensor) -> Tensor:
    """d x d: a product with it gives vectors that vary like these (m x d) unit covariance."""
    from sklearn.covariance import LedoitWolf  # half a second to import, for one distance

    fitted = LedoitWolf(assume_centered=True).fit(deviations.double().numpy())
    values, axes = torch.linalg.eigh(torch.from_numpy(fitted.covariance_))
    return (axes / values.clamp(min=1e-12).sqrt()).to(deviations.dtype)
