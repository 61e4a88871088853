"""Rotation prediction: which way is up? (Gidaris et al. 2018, arXiv:1803.07728)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

QUARTERS = 4


class Rotation(nn.Module):
    """Pooled maps (n x width) of turned squares, and by how many quarters each was turned.

    Returns the cost of telling the quarters, and the logits.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head = nn.Linear(width, QUARTERS)

    def forward(self, pooled: Tensor, quarters: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.head(pooled)
        return F.cross_entropy(logits, quarters), logits


def turned(crops: Tensor) -> tuple[Tensor, Tensor]:
    """n x C x H x W crops as squares, each four ways up: 4n x C x S x S, and the quarters.

    Squares of the shorter side: a wide crop that stands upright would give itself away.
    """
    side = min(crops.shape[2:])
    squares = F.interpolate(crops.float(), (side, side), mode="bilinear", antialias=True)
    ways = [torch.rot90(squares, quarter, (2, 3)) for quarter in range(QUARTERS)]
    quarters = torch.arange(QUARTERS, device=crops.device).repeat_interleave(len(crops))
    return torch.cat(ways).round().clamp(0, 255).to(crops.dtype), quarters
