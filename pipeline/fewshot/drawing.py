"""Augmentation for drawn characters: another hand's slant, size and wobble."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Hand:
    """How far a drawing may be changed; 0 for not at all."""

    rotate: float = 15.0  # degrees each way
    shear: float = 0.2
    zoom: float = 0.2  # each axis on its own, share each way
    shift: float = 0.08  # share of the side
    wobble: float = 0.06  # share of the side that a point of a coarse grid moves
    knots: int = 5  # of that grid, a side


def redrawn(inputs: Tensor, hand: Hand, generator: torch.Generator) -> Tensor:
    """m x C x H x W as other hands would have drawn them; every drawing changes on its own."""
    count, _, height, width = inputs.shape
    grid = F.affine_grid(slants(count, hand, generator), list(inputs.shape), align_corners=False)
    if hand.wobble:
        knots = torch.randn(count, 2, hand.knots, hand.knots, generator=generator)
        wave = F.interpolate(knots, (height, width), mode="bicubic", align_corners=True)
        # 1 is half a side in a grid's numbers
        grid = grid + 2 * hand.wobble * wave.permute(0, 2, 3, 1)
    return F.grid_sample(inputs, grid, align_corners=False)


def slants(count: int, hand: Hand, generator: torch.Generator) -> Tensor:
    """Random affine maps, count x 2 x 3."""

    def between(limit: float) -> Tensor:
        return limit * (2 * torch.rand(count, generator=generator) - 1)

    angle, shear = between(hand.rotate) * math.pi / 180, between(hand.shear)
    across, down = 1 + between(hand.zoom), 1 + between(hand.zoom)
    cos, sin = angle.cos(), angle.sin()
    rows = [across * cos, across * (shear * cos - sin), 2 * between(hand.shift)]
    rows += [down * sin, down * (shear * sin + cos), 2 * between(hand.shift)]
    return torch.stack(rows, dim=1).view(-1, 2, 3)
