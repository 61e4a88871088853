"""Softmax with a margin for the right identity: ArcFace, CosFace, SphereFace.

Labels, `unknown_weight`, `symmetric` and `sampled` are those of `softmax`.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.losses.identities import Identities
from pipeline.losses.softmax import cross_entropy, leave_out_identities, uniform_cross_entropy

INITIAL_STD = 0.01  # of a weight


class MarginSoftmax(nn.Module):
    """Softmax over scaled cosines, with a margin that makes the right identity harder.

    Parameters
    ----------
    margin : of an identity with many photographs; its unit is the subclass's
    scale : the logits are `scale` x cosine
    centres : class weights per identity; the nearest counts (sub-centres: Deng et al. 2020, ECCV)
    rare_margin, rare_power : an identity of n photographs has the margin
        margin + rare_margin x n^-rare_power (Ha et al. 2020, arXiv:2010.05350; the 1st place of
        Happywhale 2022 had .05, .271 and .364)
    unknown_weight : weight of new_whale photographs
    symmetric : weight of the reverse cross-entropy
    sampled : fraction of the identities that a step compares with
    """

    margins: Tensor  # of each identity

    def __init__(  # noqa: PLR0913 - the values have the names of params.yaml
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
        sampled: float,
    ) -> None:
        super().__init__()
        # small: only the directions of the class weights count, and Adam's steps do not grow with
        # their length, so that large ones hardly turn and the network fits random directions
        self.weight = nn.Parameter(INITIAL_STD * torch.randn(dim, len(identities) * centres))
        photographs = identities.photographs.clamp(min=1)
        self.register_buffer("margins", margin + rare_margin * photographs**-rare_power)
        self.identities, self.scale, self.sampled = identities, scale, sampled
        self.centres, self.unknown_weight, self.symmetric = centres, unknown_weight, symmetric

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        known, unknown = embeddings[labels >= 0], embeddings[labels < 0]
        labels = labels[labels >= 0]
        cosines = self.cosines(known)
        right = F.one_hot(labels, len(self.identities)).to(cosines.dtype)
        target = cosines[right == 1]
        change = self.add_margin(target, self.margins.to(target.dtype)[labels]) - target
        logits = self.scale_logits(cosines + right * change.unsqueeze(1), known)
        left_out = leave_out_identities(labels, len(self.identities), self.sampled)
        loss = cross_entropy(logits, labels, self.identities, self.symmetric, left_out=left_out)
        if not self.unknown_weight:
            return loss
        logits = self.scale_logits(self.cosines(unknown), unknown)
        return loss + self.unknown_weight * uniform_cross_entropy(logits, left_out)

    def cosines(self, embeddings: Tensor) -> Tensor:
        """Cosines with each identity's nearest class weight, n x identities."""
        cosines = F.normalize(embeddings) @ F.normalize(self.weight.t()).t()
        return cosines.unflatten(1, (-1, self.centres)).amax(dim=2)

    @staticmethod
    def add_margin(cosines: Tensor, margins: Tensor) -> Tensor:
        """The right identities' cosines, made smaller by their margins; n each."""
        raise NotImplementedError

    def scale_logits(self, cosines: Tensor, embeddings: Tensor) -> Tensor:
        """Logits, n x identities, of cosines and the embeddings that they belong to."""
        return cosines * self.scale


class ArcFace(MarginSoftmax):
    """The margin is added to the angle, in radians (arXiv:1801.07698).

    Past pi - margin, where that would raise the cosine, margin x sin(margin) is subtracted.
    """

    @staticmethod
    def add_margin(cosines: Tensor, margins: Tensor) -> Tensor:
        angles = torch.acos(cosines.clamp(-1, 1))
        easy = torch.cos(angles) - margins * torch.sin(margins)
        return torch.where(angles <= math.pi - margins, torch.cos(angles + margins), easy)


class CosFace(MarginSoftmax):
    """The margin is subtracted from the cosine (arXiv:1801.09414)."""

    @staticmethod
    def add_margin(cosines: Tensor, margins: Tensor) -> Tensor:
        return cosines - margins


class SphereFace(MarginSoftmax):
    """The angle is multiplied by the margin (arXiv:1704.08063); logits keep the vectors' length.

    cos(margin x angle) is continued so that it always falls: (-1)^k cos(margin x angle) - 2k, where
    margin x angle has k half turns.
    """

    @staticmethod
    def add_margin(cosines: Tensor, margins: Tensor) -> Tensor:
        # the cosine's angle has no slope at 0 and pi
        angles = torch.acos(cosines.clamp(-1 + 1e-6, 1 - 1e-6)) * margins
        turns = torch.floor(angles.detach() / math.pi)
        return (1 - 2 * (turns % 2)) * torch.cos(angles) - 2 * turns

    def scale_logits(self, cosines: Tensor, embeddings: Tensor) -> Tensor:
        return cosines * embeddings.norm(dim=1, keepdim=True) * self.scale
