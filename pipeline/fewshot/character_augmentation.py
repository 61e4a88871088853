"""Augmentation for handwritten characters: random slant, size and distortion."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Distortion:
    """Limits of the random changes; 0 switches a change off."""

    rotate: float = 15.0  # degrees each way
    shear: float = 0.2
    zoom: float = 0.2  # fraction each way, separately per axis
    shift: float = 0.08  # fraction of the image's side
    warp: float = 0.06  # fraction of the side by which a point of a coarse grid moves
    knots: int = 5  # of that grid, per side


def distort(inputs: Tensor, limits: Distortion, generator: torch.Generator) -> Tensor:
    """m x C x H x W images, each with its own random affine map and smooth warp."""
    count, _, height, width = inputs.shape
    maps = random_affine_maps(count, limits, generator)
    grid = F.affine_grid(maps, list(inputs.shape), align_corners=False)
    if limits.warp:
        knots = torch.randn(count, 2, limits.knots, limits.knots, generator=generator)
        wave = F.interpolate(knots, (height, width), mode="bicubic", align_corners=True)
        # grid coordinates run from -1 to 1: 1 is half a side
        grid = grid + 2 * limits.warp * wave.permute(0, 2, 3, 1)
    return F.grid_sample(inputs, grid, align_corners=False)


def random_affine_maps(count: int, limits: Distortion, generator: torch.Generator) -> Tensor:
    """Random affine maps, count x 2 x 3."""

    def uniform(limit: float) -> Tensor:
        return limit * (2 * torch.rand(count, generator=generator) - 1)

    angle, shear = uniform(limits.rotate) * math.pi / 180, uniform(limits.shear)
    zoom_x, zoom_y = 1 + uniform(limits.zoom), 1 + uniform(limits.zoom)
    cos, sin = angle.cos(), angle.sin()
    rows = [zoom_x * cos, zoom_x * (shear * cos - sin), 2 * uniform(limits.shift)]
    rows += [zoom_y * sin, zoom_y * (shear * sin + cos), 2 * uniform(limits.shift)]
    return torch.stack(rows, dim=1).view(-1, 2, 3)
