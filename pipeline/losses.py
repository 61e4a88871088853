"""ArcFace, batch-hard triplet and focal loss, and their weighted sum.

Labels are 0 .. identities - 1, or -1 for new_whale: nobody's positive, everybody's negative. All
three losses are computed in float32, whatever precision the network runs in.
"""

import math

import torch
import torch.nn.functional as F
from pytorch_metric_learning.losses import ArcFaceLoss, TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner
from torch import Tensor, nn

from pipeline.params import Loss


class ArcFace(nn.Module):
    """Additive angular margin softmax over the known identities (arXiv:1801.07698).

    `margin` is in radians. new_whale has no class and is left out; a batch of nothing else costs 0.
    """

    def __init__(self, dim: int, identities: int, margin: float, scale: float) -> None:
        super().__init__()
        degrees = math.degrees(margin)
        self.loss = ArcFaceLoss(identities, dim, margin=degrees, scale=scale)

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        known = labels >= 0
        if not known.any():
            return embeddings.sum() * 0
        return self.loss(embeddings[known], labels[known])


class Triplet(nn.Module):
    """Hardest positive against hardest negative of every anchor (arXiv:1703.07737, "batch hard").

    Distances are Euclidean on unit vectors; the mean is taken over the triplets that cost
    something. Every new_whale image gets a label of its own, so it is a negative and never a
    positive.
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.miner = BatchHardMiner()
        self.loss = TripletMarginLoss(margin=margin)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        own = -1 - torch.arange(len(labels), device=labels.device)
        labels = torch.where(labels < 0, own, labels)
        return self.loss(features, labels, self.miner(features, labels))


class Focal(nn.Module):
    """One sigmoid an identity, focused on what is still wrong (Lin et al. 2017, arXiv:1708.02002).

    The logit is `scale` x cosine + a learned bias; the sum over identities is averaged over images.
    new_whale is a row of zeros: it pushes every identity away (2nd place, humpback 2019).
    """

    def __init__(self, dim: int, identities: int, gamma: float, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(identities, dim))
        nn.init.xavier_uniform_(self.weight)
        # starts where one identity in `identities` is likely, so that the first steps stay calm
        self.bias = nn.Parameter(torch.tensor(-math.log(max(identities - 1, 1))))
        self.gamma, self.scale = gamma, scale

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        cosines = F.linear(F.normalize(embeddings), F.normalize(self.weight))
        targets = torch.zeros_like(cosines)
        known = (labels >= 0).nonzero().squeeze(1)
        targets[known, labels[known]] = 1
        return focal(self.scale * cosines + self.bias, targets, self.gamma).sum(dim=1).mean()


def focal(logits: Tensor, targets: Tensor, gamma: float) -> Tensor:
    """q^gamma x -log(1 - q), q the probability withheld from the truth (0 or 1); one a logit."""
    wrong = torch.where(targets > 0, -logits, logits)
    # softplus keeps what is left of a small loss, where binary_cross_entropy rounds it to 0
    return torch.sigmoid(wrong) ** gamma * F.softplus(wrong)


class EmbeddingLoss(nn.Module):
    """The weighted terms by name; a term of weight 0 is not built.

    `forward(features, embeddings, labels)`: the triplet sees `features` (before the BNNeck), the
    others `embeddings` (after it); both are n x dim. Luo et al. 2019, arXiv:1903.07071.
    """

    def __init__(self, params: Loss, dim: int, identities: int) -> None:
        super().__init__()
        a, t, f = params.arcface, params.triplet, params.focal
        self.arcface = ArcFace(dim, identities, a.margin, a.scale) if a.weight else None
        self.triplet = Triplet(t.margin) if t.weight else None
        self.focal = Focal(dim, identities, f.gamma, f.scale) if f.weight else None
        self.weights = {"arcface": a.weight, "triplet": t.weight, "focal": f.weight}

    def forward(self, features: Tensor, embeddings: Tensor, labels: Tensor) -> dict[str, Tensor]:
        seen = {"arcface": embeddings, "triplet": features, "focal": embeddings}
        with torch.autocast(labels.device.type, enabled=False):
            return {
                name: weight * getattr(self, name)(seen[name].float(), labels)
                for name, weight in self.weights.items()
                if weight
            }
