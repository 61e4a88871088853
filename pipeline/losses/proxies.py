"""Losses with trained vectors: a proxy per identity, its centre, a metric."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.losses.identities import Identities, separate_new_whales


class ProxyAnchor(nn.Module):
    """Every identity's proxy against all images of the batch (Kim et al. 2020, arXiv:2003.13911).

    new_whale images are negatives of every proxy; an image's own mirror image may be left out.
    """

    def __init__(self, dim: int, identities: Identities, *, margin: float, alpha: float) -> None:
        super().__init__()
        self.proxies = nn.Parameter(torch.empty(len(identities), dim))
        nn.init.kaiming_normal_(self.proxies, mode="fan_out")
        self.identities, self.margin, self.alpha = identities, margin, alpha

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        cosines = F.linear(F.normalize(embeddings), F.normalize(self.proxies))
        classes = torch.arange(len(self.proxies), device=labels.device)
        positive = labels.unsqueeze(1) == classes
        negative = ~positive
        if self.identities.mirrors:
            mirror = self.identities.mirror_labels(labels).unsqueeze(1) == classes
            negative &= ~mirror | (labels < 0).unsqueeze(1)
        pull = log1p_sum_exp(-self.alpha * (cosines - self.margin), positive)
        push = log1p_sum_exp(self.alpha * (cosines + self.margin), negative)
        present = positive.any(dim=0).sum().clamp(min=1)
        return pull.sum() / present + push.sum() / len(self.proxies)


def log1p_sum_exp(exponents: Tensor, mask: Tensor) -> Tensor:
    """log(1 + sum of exp) of each column's masked entries; 0 for a column without one."""
    zeros = exponents.new_zeros(1, exponents.shape[1])
    return torch.cat([exponents.masked_fill(~mask, -torch.inf), zeros]).logsumexp(dim=0)


class Centre(nn.Module):
    """Half the squared distance to the identity's trained centre (Wen et al. 2016, ECCV).

    It only pulls together, so it needs another loss beside it. A batch of new_whale costs 0.
    """

    def __init__(self, dim: int, identities: Identities) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(len(identities), dim))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        known = labels >= 0
        if not known.any():
            return features.sum() * 0
        difference = features[known] - self.centres[labels[known]]
        return difference.square().sum(dim=1).mean() / 2


class BatchAll(nn.Module):
    """Every pair of the batch, at a trained distance (iafoss's kernel for humpback, 2018).

    The distance of a and b is the length of W [d, d x d], d = a - b on raw features, W trained; it
    starts as Euclidean. A positive pair costs its squared distance, a negative one its squared
    shortfall from `margin`, each as the mean over pairs that cost something; `compactness` x the
    mean squared distance of all pairs keeps all vectors near each other.
    """

    def __init__(
        self, dim: int, identities: Identities, *, margin: float, compactness: float
    ) -> None:
        super().__init__()
        self.metric = nn.Linear(2 * dim, dim, bias=False)
        nn.init.eye_(self.metric.weight)
        self.margin, self.compactness = margin, compactness

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        first, second = torch.triu_indices(len(features), len(features), 1, device=labels.device)
        if not len(first):
            return features.sum() * 0
        labels = separate_new_whales(labels)
        difference = features[first] - features[second]
        both = torch.cat([difference, difference.square()], dim=1)
        # a root has no slope at 0
        squared = self.metric(both).square().sum(dim=1) + 1e-9
        shortfall = F.relu(self.margin - squared.sqrt()).square()
        same = labels[first] == labels[second]
        pairs = mean_above_zero(squared[same]) + mean_above_zero(shortfall[~same])
        return pairs + self.compactness * squared.mean()


def mean_above_zero(losses: Tensor) -> Tensor:
    """Mean over the losses above 0; 0 if there is none."""
    return losses.sum() / (losses > 0).sum().clamp(min=1)
