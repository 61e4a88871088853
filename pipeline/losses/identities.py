"""The classes of the losses: the known identities."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Identities:
    """The known identities, labelled 0 .. count - 1.

    photographs : number of training photographs of each
    power : an image of an identity with n photographs has the weight n^-power, the mean over
        identities being 1, in softmax, its margins and focal
    mirrors : the second half are the mirror images of the first, and the logit of a photograph's
        own mirror image is left out (3rd place, humpback 2019): it looks alike, and is no mistake
    """

    photographs: Tensor
    mirrors: bool = False
    power: float = 0.0

    def __len__(self) -> int:
        return len(self.photographs)

    def image_weights(self, labels: Tensor) -> Tensor:
        """The weight of each label's images; 1 for new_whale."""
        weights = self.photographs.clamp(min=1) ** -self.power
        weights = (weights / weights.mean()).to(labels.device)
        return torch.where(labels >= 0, weights[labels.clamp(min=0)], torch.ones_like(weights[:1]))

    def mirror_labels(self, labels: Tensor) -> Tensor:
        """The label of each label's mirror image."""
        return (labels + len(self) // 2) % len(self)


def separate_new_whales(labels: Tensor, first: int = 1) -> Tensor:
    """Give every new_whale a label of its own, -first, -first - 1, ...: none is a positive."""
    unique = -first - torch.arange(len(labels), device=labels.device)
    return torch.where(labels < 0, unique, labels)


def leave_out_new_whales(
    selected: tuple[Tensor, ...], labels: Tensor, reference_labels: Tensor
) -> tuple[Tensor, ...]:
    """Leave out the pairs of a new_whale of the batch and one of the memory.

    selected : pairs (anchors, positives, anchors, negatives), or triplets, which have no such pair,
        as a new_whale has no positive
    labels, reference_labels : of the batch; of the batch, followed by the memory
    """
    if len(selected) == 3:
        return selected
    # an earlier view of the same photograph has another label: of all negatives it would be the
    # nearest, and push the photograph away from itself. New_whales of one batch are different
    # photographs, and those of the memory stay negatives of all known identities
    first, positives, anchors, negatives = selected
    remembered = (negatives >= len(labels)) & (reference_labels[negatives] < 0)
    kept = ~(remembered & (labels[anchors] < 0))
    return first, positives, anchors[kept], negatives[kept]
