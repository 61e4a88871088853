"""Losses that learn vectors of their own: a proxy an identity, its centre, a metric."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.losses.identities import Identities, own_labels


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
            mirror = self.identities.mirrored(labels).unsqueeze(1) == classes
            negative &= ~mirror | (labels < 0).unsqueeze(1)
        near = log_one_and_sum(-self.alpha * (cosines - self.margin), positive)
        far = log_one_and_sum(self.alpha * (cosines + self.margin), negative)
        present = positive.any(dim=0).sum().clamp(min=1)
        return near.sum() / present + far.sum() / len(self.proxies)


def log_one_and_sum(exponents: Tensor, kept: Tensor) -> Tensor:
    """log(1 + the sum of exp of each column's kept entries), 0 where a column keeps none."""
    zeros = exponents.new_zeros(1, exponents.shape[1])
    return torch.cat([exponents.masked_fill(~kept, -torch.inf), zeros]).logsumexp(dim=0)


class Centre(nn.Module):
    """Half the squared distance to the identity's learned centre (Wen et al. 2016, ECCV).

    It only pulls together, so it needs another loss beside it. A batch of new_whale costs 0.
    """

    def __init__(self, dim: int, identities: Identities) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(len(identities), dim))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        known = labels >= 0
        if not known.any():
            return features.sum() * 0
        apart = features[known] - self.centres[labels[known]]
        return apart.square().sum(dim=1).mean() / 2


class BatchAll(nn.Module):
    """Every pair of the batch, at a learned distance (iafoss's kernel for humpback, 2018).

    The distance of a and b is the length of W [d, d x d], d = a - b on raw features, W learned; it
    starts as Euclidean. A positive pair costs its squared distance, a negative one its squared
    shortfall from `margin`, each as the mean over pairs that cost something; `compactness` x the
    mean squared distance of all pairs holds the cloud together.
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
        own = own_labels(labels)
        apart = features[first] - features[second]
        # a root has no slope at 0
        squared = self.metric(torch.cat([apart, apart.square()], dim=1)).square().sum(dim=1) + 1e-9
        short = F.relu(self.margin - squared.sqrt()).square()
        same = own[first] == own[second]
        pairs = mean_of_costly(squared[same]) + mean_of_costly(short[~same])
        return pairs + self.compactness * squared.mean()


def mean_of_costly(costs: Tensor) -> Tensor:
    """The mean over costs above 0; 0 where there is none."""
    return costs.sum() / (costs > 0).sum().clamp(min=1)
