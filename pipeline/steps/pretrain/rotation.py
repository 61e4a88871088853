"""Rotation prediction: which way is up? (Gidaris et al. 2018, arXiv:1803.07728)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

QUARTERS = 4


class Rotation(nn.Module):
    """Classifies by how many quarter turns a crop was rotated.

    Takes the pooled maps (n x width) of rotated squares and the number of quarter turns (n);
    returns the cross-entropy and the logits.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head = nn.Linear(width, QUARTERS)

    def forward(self, pooled: Tensor, quarters: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.head(pooled)
        return F.cross_entropy(logits, quarters), logits


def rotate_crops(crops: Tensor) -> tuple[Tensor, Tensor]:
    """Rotate n x C x H x W crops by 0 to 3 quarters: 4n x C x S x S, and the quarter turns.

    They become squares of the shorter side: a wide crop that stands upright would be recognised by
    its shape.
    """
    side = min(crops.shape[2:])
    squares = F.interpolate(crops.float(), (side, side), mode="bilinear", antialias=True)
    rotated = [torch.rot90(squares, quarter, (2, 3)) for quarter in range(QUARTERS)]
    quarters = torch.arange(QUARTERS, device=crops.device).repeat_interleave(len(crops))
    return torch.cat(rotated).round().clamp(0, 255).to(crops.dtype), quarters
