"""Focal loss over one sigmoid per identity."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.losses.identities import Identities


class Focal(nn.Module):
    """One sigmoid per identity, with less weight on what is right already (arXiv:1708.02002).

    The logit is `scale` x cosine + a trained bias; the sum over identities is averaged over images.
    new_whale is a row of zeros: it pushes every identity away (2nd place, humpback 2019). Of the
    wrong identities only the fraction `hardest` counts, those with the largest losses, at least one
    (OHEM: Shrivastava et al. 2016, arXiv:1604.03540; the 1st and 2nd place, humpback 2019).
    """

    def __init__(
        self, dim: int, identities: Identities, *, gamma: float, scale: float, hardest: float
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(len(identities), dim))
        nn.init.xavier_uniform_(self.weight)
        # each identity starts with the probability 1 / identities, so that the first steps are calm
        self.bias = nn.Parameter(torch.tensor(-math.log(max(len(identities) - 1, 1))))
        self.identities, self.gamma, self.scale, self.hardest = identities, gamma, scale, hardest

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        cosines = F.linear(F.normalize(embeddings), F.normalize(self.weight))
        targets = torch.zeros_like(cosines)
        known = (labels >= 0).nonzero().squeeze(1)
        targets[known, labels[known]] = 1
        losses = focal_loss(self.scale * cosines + self.bias, targets, self.gamma)
        if self.identities.mirrors:
            counted = torch.ones_like(losses)
            counted[known, self.identities.mirror_labels(labels[known])] = 0
            losses = losses * counted
        if self.hardest < 1:
            losses = keep_hardest(losses, targets, self.hardest)
        losses = losses.sum(dim=1)
        if self.identities.power:
            losses = losses * self.identities.image_weights(labels)
        return losses.mean()


def focal_loss(logits: Tensor, targets: Tensor, gamma: float) -> Tensor:
    """q^gamma x -log(1 - q) per logit, q the probability of the wrong answer; targets 0 or 1."""
    wrong = torch.where(targets > 0, -logits, logits)
    # softplus keeps small losses, where binary_cross_entropy rounds them to 0
    return torch.sigmoid(wrong) ** gamma * F.softplus(wrong)


def keep_hardest(losses: Tensor, targets: Tensor, fraction: float) -> Tensor:
    """Set a row's losses to 0 except the right identity's and the largest `fraction` of others."""
    others = losses * (targets == 0)
    count = max(1, round(fraction * losses.shape[1]))
    largest = others.topk(count, dim=1)
    hard = torch.zeros_like(losses).scatter(1, largest.indices, largest.values)
    return hard + losses * targets
