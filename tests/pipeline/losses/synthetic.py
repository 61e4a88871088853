"""Vectors and labels that the tests of the losses share, and slow functions of them."""

import math
from collections.abc import Callable

import pytest
import torch

from pipeline.losses.identities import Identities, separate_new_whales

# 4, 3, 2, 1 images of an identity and two new_whales: mining that assumes equal numbers goes wrong
LABELS = separate_new_whales(torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, -1, -1]))
IMAGES = range(len(LABELS))
# values of ArcFace, CosFace and SphereFace beside margin and scale
MARGINS_OFF = dict(
    **dict(centres=1, rare_margin=0.0, rare_power=0.0),
    **dict(unknown_weight=0.0, symmetric=0.0, sampled=1.0),
)


def at(*degrees: float) -> torch.Tensor:
    """Points on the unit circle, n x 2 float64."""
    angles = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def batch(count: int, dim: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dim, dtype=torch.float64, generator=generator)


few_pairs = pytest.mark.parametrize(
    "labels", [[-1, -2, -3, -4], [0, 0, 0, 0], [0]], ids=["new", "one identity", "one image"]
)


def check_finite(loss_of: Callable[..., torch.Tensor], labels: list[int], **values: object) -> None:
    """Assert that a loss of random vectors, and its gradient, are finite."""
    features = batch(len(labels), 3).requires_grad_()
    loss = loss_of(features, torch.tensor(labels), **values)
    assert torch.isfinite(loss)
    if loss.requires_grad:
        loss.backward()
        assert torch.isfinite(features.grad).all()


def identities(count: int, mirrors: bool = False) -> Identities:
    """So many identities with two photographs each."""
    return Identities(torch.full((count,), 2.0, dtype=torch.float64), mirrors)


def unit(row: list[float]) -> list[float]:
    length = sum(x * x for x in row) ** 0.5
    return [x / length for x in row]


def cosine(first: list[float], second: list[float]) -> float:
    return sum(a * b for a, b in zip(unit(first), unit(second), strict=True))


def cosines(features: torch.Tensor) -> list[list[float]]:
    rows = features.tolist()
    return [[cosine(a, b) for b in rows] for a in rows]


def distances(features: torch.Tensor) -> list[list[float]]:
    rows = [unit(row) for row in features.tolist()]
    return [[math.dist(a, b) for b in rows] for a in rows]


def same(i: int, j: int) -> bool:
    return LABELS[i].item() == LABELS[j].item()


def positives(i: int) -> list[int]:
    return [j for j in IMAGES if j != i and same(i, j)]


def negatives(i: int) -> list[int]:
    return [j for j in IMAGES if not same(i, j)]


def mean_above_zero(losses: list[float]) -> float:
    losses = [loss for loss in losses if loss > 0]
    return sum(losses) / len(losses) if losses else 0.0
