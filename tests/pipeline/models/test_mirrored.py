"""Vectors of crops and of their mirror images."""

import pytest
import torch

from pipeline.models.mirrored import embed_mirrored


def embed_first_row(crops: torch.Tensor) -> torch.Tensor:
    """A crop's first row of two pixels, as a vector of length 1."""
    return torch.nn.functional.normalize(crops[:, 0, 0].float())


@pytest.mark.parametrize(
    ("flip", "expected"),
    [
        ("none", [0.6, 0.8]),
        ("average", [0.5**0.5, 0.5**0.5]),
        ("both", [0.6 * 0.5**0.5, 0.8 * 0.5**0.5, 0.8 * 0.5**0.5, 0.6 * 0.5**0.5]),
    ],
)
def test_by_hand(flip, expected):
    crops = torch.tensor([[[[3, 4]]]], dtype=torch.uint8)
    (vector,) = embed_mirrored(embed_first_row, crops, flip).tolist()
    assert vector == pytest.approx(expected)
