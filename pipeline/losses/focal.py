"""Focal loss over one sigmoid an identity."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.losses.identities import Identities


class Focal(nn.Module):
    """One sigmoid an identity, focused on what is still wrong (Lin et al. 2017, arXiv:1708.02002).

    The logit is `scale` x cosine + a learned bias; the sum over identities is averaged over images.
    new_whale is a row of zeros: it pushes every identity away (2nd place, humpback 2019). Of the
    wrong identities only the share `hardest` counts, those that cost most, at least one (OHEM:
    Shrivastava et al. 2016, arXiv:1604.03540; the 1st and 2nd place, humpback 2019).
    """

    def __init__(
        self, dim: int, identities: Identities, *, gamma: float, scale: float, hardest: float
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(len(identities), dim))
        nn.init.xavier_uniform_(self.weight)
        # starts where one identity in `identities` is likely, so that the first steps stay calm
        self.bias = nn.Parameter(torch.tensor(-math.log(max(len(identities) - 1, 1))))
        self.identities, self.gamma, self.scale, self.hardest = identities, gamma, scale, hardest

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        cosines = F.linear(F.normalize(embeddings), F.normalize(self.weight))
        targets = torch.zeros_like(cosines)
        known = (labels >= 0).nonzero().squeeze(1)
        targets[known, labels[known]] = 1
        costs = focal(self.scale * cosines + self.bias, targets, self.gamma)
        if self.identities.mirrors:
            counted = torch.ones_like(costs)
            counted[known, self.identities.mirrored(labels[known])] = 0
            costs = costs * counted
        if self.hardest < 1:
            costs = hardest(costs, targets, self.hardest)
        costs = costs.sum(dim=1)
        if self.identities.power:
            costs = costs * self.identities.weights(labels)
        return costs.mean()


def focal(logits: Tensor, targets: Tensor, gamma: float) -> Tensor:
    """q^gamma x -log(1 - q), q the probability withheld from the truth (0 or 1); one a logit."""
    wrong = torch.where(targets > 0, -logits, logits)
    # softplus keeps what is left of a small loss, where binary_cross_entropy rounds it to 0
    return torch.sigmoid(wrong) ** gamma * F.softplus(wrong)


def hardest(costs: Tensor, targets: Tensor, share: float) -> Tensor:
    """A row's costs of its right identity and of the `share` of the others that cost most."""
    others = costs * (targets == 0)
    count = max(1, round(share * costs.shape[1]))
    dearest = others.topk(count, dim=1)
    kept = torch.zeros_like(costs).scatter(1, dearest.indices, dearest.values)
    return kept + costs * targets
