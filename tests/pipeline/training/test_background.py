"""Another background behind an animal."""

import numpy as np
import pytest

from pipeline.training.background import replace_background


def block(colour: int, columns: slice, background: int = 0) -> np.ndarray:
    """12 x 16, an animal of one grey in some columns before a background of another."""
    picture = np.full((12, 16, 4), background, np.uint8)
    picture[:, :, 3] = 0
    picture[:, columns, :3] = colour
    picture[:, columns, 3] = 255
    return picture


def test_another_background_by_hand():
    """The animal's columns stay; the background is 90, also in place of the other animal."""
    mixed = replace_background(block(200, slice(0, 6)), block(20, slice(4, 12), background=90))
    assert (mixed[:, :4, :3] == 200).all() and (mixed[:, 8:, :3] == 90).all()
    edge = mixed[0, 4:8, 0]
    assert list(edge) == sorted(edge, reverse=True)  # a soft edge
    assert np.array_equal(mixed[:, :, 3], block(200, slice(0, 6))[:, :, 3])


@pytest.mark.parametrize("columns", [slice(0, 0), slice(0, 16)], ids=["no animal", "all animal"])
def test_a_crop_without_animal_or_background_stays(columns):
    crop, other = block(200, columns), block(20, slice(4, 12), background=90)
    assert np.array_equal(replace_background(crop, other), crop)
    assert np.array_equal(replace_background(other, block(1, slice(0, 16))), other)
