"""Prototypical network: the nearest class mean (Snell et al. 2017, arXiv:1703.05175)."""

import torch
from torch import Tensor

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Support, class_means, mask_absent_classes


class Prototypical(Learner):
    """Scores are negative squared Euclidean distances to the class means, times `scale`.

    scale: 1 as published. Vectors that are long before training need a smaller one: a softmax of
    large numbers is saturated, and has next to no gradient.
    """

    def __init__(self, encoder: Encoder, scale: float = 1.0) -> None:
        super().__init__()
        self.encoder, self.scale = encoder, scale

    def score(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        means = class_means(support.encode(self.encoder), support, ways)
        distances = squared_distances(self.encoder(queries), means)
        return mask_absent_classes(-self.scale * distances, support, ways)


def squared_distances(first: Tensor, second: Tensor) -> Tensor:
    """Squared Euclidean distances, t x a x d and t x b x d to t x a x b."""
    lengths = first.square().sum(-1)[..., None] + second.square().sum(-1)[:, None]
    return torch.clamp(lengths - 2 * first @ second.transpose(1, 2), min=0)
