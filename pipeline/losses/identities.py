"""Whom the losses tell apart."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Identities:
    """The known identities, labelled 0 .. count - 1.

    photographs : how many training photographs each has
    power : an image of an identity with n photographs weighs n^-power, the mean over identities
        being 1, in softmax, its margins and focal
    mirrors : the second half are the mirror images of the first, and the logit of a photograph's
        own mirror image is left out (3rd place, humpback 2019): it looks alike, and is no mistake
    """

    photographs: Tensor
    mirrors: bool = False
    power: float = 0.0

    def __len__(self) -> int:
        return len(self.photographs)

    def weights(self, labels: Tensor) -> Tensor:
        """The weight of each label's images; a new_whale's is 1."""
        each = self.photographs.clamp(min=1) ** -self.power
        each = (each / each.mean()).to(labels.device)
        return torch.where(labels >= 0, each[labels.clamp(min=0)], torch.ones_like(each[:1]))

    def mirrored(self, labels: Tensor) -> Tensor:
        """The label of each label's mirror image."""
        return (labels + len(self) // 2) % len(self)


def own_labels(labels: Tensor, first: int = 1) -> Tensor:
    """A label of its own for every new_whale, -first, -first - 1, ...: nobody's positive."""
    own = -first - torch.arange(len(labels), device=labels.device)
    return torch.where(labels < 0, own, labels)
