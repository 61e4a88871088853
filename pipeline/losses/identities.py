"""Whom the losses tell apart."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Identities:
    """The known identities, labelled 0 .. count - 1.

    photographs : how many training photographs each has
    mirrors : the second half are the mirror images of the first, and the logit of a photograph's
        own mirror image is left out (3rd place, humpback 2019): it looks alike, and is no mistake
    """

    photographs: Tensor
    mirrors: bool = False

    def __len__(self) -> int:
        return len(self.photographs)

    def mirrored(self, labels: Tensor) -> Tensor:
        """The label of each label's mirror image."""
        return (labels + len(self) // 2) % len(self)


def own_labels(labels: Tensor, first: int = 1) -> Tensor:
    """A label of its own for every new_whale, -first, -first - 1, ...: nobody's positive."""
    own = -first - torch.arange(len(labels), device=labels.device)
    return torch.where(labels < 0, own, labels)
