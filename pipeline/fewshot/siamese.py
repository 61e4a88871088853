"""Siamese network: compares two inputs (Koch et al. 2015; head: `models.pair_head`)."""

import torch.nn.functional as F
from torch import Tensor

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Episodes, Support, best_per_class
from pipeline.models.pair_head import PairHead


class Siamese(Learner):
    """A class's score is the head's logit for its best example."""

    def __init__(self, encoder: Encoder, kind: str, hidden: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = PairHead(kind, encoder.dim, hidden)

    def score(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        return best_per_class(self.pair_logits(support, queries), support, ways)

    def pair_logits(self, support: Support, queries: Tensor) -> Tensor:
        """Logits of "the same class", t x q x n."""
        first = F.normalize(self.encoder(queries), dim=-1)[:, :, None]
        second = F.normalize(support.encode(self.encoder), dim=-1)[:, None]
        return self.head(first, second)

    def loss(self, episodes: Episodes) -> Tensor:
        """Binary cross-entropy of pairs; those of one class weigh as much as all others."""
        logits = self.pair_logits(episodes.support, episodes.queries)
        same = episodes.truth[..., None] == episodes.support.labels[:, None]
        present = (episodes.support.weights > 0)[:, None].expand_as(same)
        losses = F.binary_cross_entropy_with_logits(logits, same.to(logits.dtype), reduction="none")
        # a task of one candidate has no pairs of different classes
        positive, negative = (
            losses[kind & present].sum() / (kind & present).sum().clamp(min=1)
            for kind in (same, ~same)
        )
        return (positive + negative) / 2
