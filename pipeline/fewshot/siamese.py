"""Siamese network: are these two of one class? (Koch et al. 2015; head: `models.pair_head`.)"""

import torch.nn.functional as F
from torch import Tensor

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Episodes, Support, class_best
from pipeline.models.pair_head import PairHead


class Siamese(Learner):
    """A class's score is the head's logit for its best example."""

    def __init__(self, encoder: Encoder, kind: str, hidden: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = PairHead(kind, encoder.dim, hidden)

    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        return class_best(self.pairs(support, queries), support, ways)

    def pairs(self, support: Support, queries: Tensor) -> Tensor:
        """Logits of "the same class", t x q x n."""
        first = F.normalize(self.encoder(queries), dim=-1)[:, :, None]
        second = F.normalize(support.encoded(self.encoder), dim=-1)[:, None]
        return self.head(first, second)

    def loss(self, episodes: Episodes) -> Tensor:
        """Binary cross-entropy of pairs; those of one class count as much as all others."""
        logits = self.pairs(episodes.support, episodes.queries)
        same = episodes.truth[..., None] == episodes.support.labels[:, None]
        real = (episodes.support.weights > 0)[:, None].expand_as(same)
        each = F.binary_cross_entropy_with_logits(logits, same.to(logits.dtype), reduction="none")
        # a task of one candidate has no others
        alike, others = (
            each[kind & real].sum() / (kind & real).sum().clamp(min=1) for kind in (same, ~same)
        )
        return (alike + others) / 2
