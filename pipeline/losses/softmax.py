"""Softmax over the known identities, and its margins: ArcFace, CosFace, SphereFace.

Labels are 0 .. identities - 1, or -1 for new_whale. A new_whale has no class; where
`unknown_weight` is above 0 it costs that times its cross-entropy against the uniform distribution:
no identity may claim it (Dhamija et al. 2018, "Reducing network agnostophobia", arXiv:1811.04110).
Where labels are doubtful, `symmetric` is the weight of the reverse cross-entropy beside the usual
one: it is bounded, so that a wrong label can't pull for ever (Wang et al. 2019, arXiv:1908.06112).
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.losses.identities import Identities

LOG_OF_NOTHING = 4.0  # -log 0 in the reverse cross-entropy, as in the paper


class Softmax(nn.Module):
    """A linear layer and cross-entropy; `smoothing` is the share of a label spread over all."""

    def __init__(
        self,
        dim: int,
        identities: Identities,
        *,
        smoothing: float,
        unknown_weight: float,
        symmetric: float,
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, len(identities))
        self.identities, self.smoothing = identities, smoothing
        self.unknown_weight, self.symmetric = unknown_weight, symmetric

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        logits = self.linear(embeddings)
        known = labels >= 0
        costs = (self.identities, self.symmetric, self.smoothing)
        right = cross_entropy(logits[known], labels[known], *costs)
        return right + self.unknown_weight * unclaimed(logits[~known])


class Margined(nn.Module):
    """Softmax over scaled cosines, harder by a margin for the right identity.

    Parameters
    ----------
    margin : of an identity with many photographs, in the margin's own unit
    scale : the logits are `scale` x cosine
    centres : directions an identity; the nearest counts (sub-centres: Deng et al. 2020, ECCV)
    rare_margin, rare_power : an identity of n photographs has the margin
        margin + rare_margin x n^-rare_power (Ha et al. 2020, arXiv:2010.05350; the 1st place of
        Happywhale 2022 had .05, .271 and .364)
    unknown_weight : weight of new_whale photographs, which no identity may claim
    symmetric : weight of the reverse cross-entropy
    """

    with_margin: Callable[[Tensor, Tensor], Tensor]

    def __init__(
        self,
        dim: int,
        identities: Identities,
        *,
        margin: float,
        scale: float,
        centres: int,
        rare_margin: float,
        rare_power: float,
        unknown_weight: float,
        symmetric: float,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(dim, len(identities) * centres))
        photographs = identities.photographs.clamp(min=1)
        self.register_buffer("margins", margin + rare_margin * photographs**-rare_power)
        self.identities, self.scale = identities, scale
        self.centres, self.unknown_weight, self.symmetric = centres, unknown_weight, symmetric

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        known, unknown = embeddings[labels >= 0], embeddings[labels < 0]
        own = labels[labels >= 0]
        cosines = self.cosines(known)
        right = F.one_hot(own, len(self.identities)).to(cosines.dtype)
        target = cosines[right == 1]
        harder = self.with_margin(target, self.margins.to(target.dtype)[own]) - target
        logits = self.scaled(cosines + right * harder.unsqueeze(1), known)
        cost = cross_entropy(logits, own, self.identities, self.symmetric)
        if not self.unknown_weight:
            return cost
        return cost + self.unknown_weight * unclaimed(self.scaled(self.cosines(unknown), unknown))

    def cosines(self, embeddings: Tensor) -> Tensor:
        """n x identities: with the nearest of each one's directions."""
        cosines = F.normalize(embeddings) @ F.normalize(self.weight.t()).t()
        return cosines.unflatten(1, (-1, self.centres)).amax(dim=2)

    def scaled(self, cosines: Tensor, embeddings: Tensor) -> Tensor:
        return cosines * self.scale


class ArcFace(Margined):
    """The margin is added to the angle, in radians (arXiv:1801.07698).

    Past pi - margin, where that would be a gift, margin x sin(margin) is taken off the cosine.
    """

    @staticmethod
    def with_margin(cosines: Tensor, margins: Tensor) -> Tensor:
        angles = torch.acos(cosines.clamp(-1, 1))
        easy = torch.cos(angles) - margins * torch.sin(margins)
        return torch.where(angles <= math.pi - margins, torch.cos(angles + margins), easy)


class CosFace(Margined):
    """The margin is taken off the cosine (arXiv:1801.09414)."""

    @staticmethod
    def with_margin(cosines: Tensor, margins: Tensor) -> Tensor:
        return cosines - margins


class SphereFace(Margined):
    """The angle is multiplied by the margin (arXiv:1704.08063); logits keep the vectors' length.

    cos(margin x angle) falls on where it would rise again: (-1)^k cos(margin x angle) - 2k, with k
    the half turns that margin x angle has made.
    """

    @staticmethod
    def with_margin(cosines: Tensor, margins: Tensor) -> Tensor:
        # the cosine's angle has no slope at 0 and pi
        angles = torch.acos(cosines.clamp(-1 + 1e-6, 1 - 1e-6)) * margins
        turns = torch.floor(angles.detach() / math.pi)
        return (1 - 2 * (turns % 2)) * torch.cos(angles) - 2 * turns

    def scaled(self, cosines: Tensor, embeddings: Tensor) -> Tensor:
        return cosines * embeddings.norm(dim=1, keepdim=True) * self.scale


def cross_entropy(
    logits: Tensor,
    labels: Tensor,
    identities: Identities,
    symmetric: float,
    smoothing: float = 0.0,
) -> Tensor:
    """Mean over images; 0 for none. The logit of an image's own mirror image may be left out."""
    if not len(labels):
        return logits.sum() * 0
    if identities.mirrors:
        mirror = F.one_hot(identities.mirrored(labels), len(identities)).bool()
        logits = logits.masked_fill(mirror, -torch.inf)
        costs = without_mirror(logits, labels, mirror, smoothing)
    else:
        costs = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
    if symmetric:
        chance = logits.softmax(dim=1).gather(1, labels.unsqueeze(1)).squeeze(1)
        costs = costs + symmetric * LOG_OF_NOTHING * (1 - chance)
    if identities.power:
        costs = costs * identities.weights(labels)
    return costs.mean()


def without_mirror(logits: Tensor, labels: Tensor, mirror: Tensor, smoothing: float) -> Tensor:
    """Each image's smoothed cross-entropy without its own mirror image, whose logit is -inf."""
    chances = logits.log_softmax(dim=1)
    right = -chances.gather(1, labels.unsqueeze(1)).squeeze(1)
    spread = -chances.masked_fill(mirror, 0).sum(dim=1) / (mirror.shape[1] - 1)
    return (1 - smoothing) * right + smoothing * spread


def unclaimed(logits: Tensor) -> Tensor:
    """Cross-entropy against the uniform distribution, mean over images; 0 for none."""
    if not len(logits):
        return logits.sum() * 0
    return -logits.log_softmax(dim=1).mean()
