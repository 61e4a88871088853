"""Vectors and labels that the tests of the losses share."""

import torch

from pipeline.losses.identities import Identities


def at(*degrees: float) -> torch.Tensor:
    """Points on the unit circle, n x 2 float64."""
    angles = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def batch(count: int, dim: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dim, dtype=torch.float64, generator=generator)


def people(count: int, mirrors: bool = False) -> Identities:
    """So many identities with two photographs each."""
    return Identities(torch.full((count,), 2.0, dtype=torch.float64), mirrors)


def unit(row: list[float]) -> list[float]:
    length = sum(x * x for x in row) ** 0.5
    return [x / length for x in row]


def cosine(first: list[float], second: list[float]) -> float:
    return sum(a * b for a, b in zip(unit(first), unit(second), strict=True))
