"""Crops for a small network."""

import numpy as np

from pipeline.steps.rerank.small_crops import load_small_crops


def test_colours_are_averaged_and_the_mask_is_dropped(tmp_path):
    packed = np.zeros((2, 32, 64, 4), np.uint8)
    packed[0, :16, :, 0] = 255  # red above
    packed[0, :, :, 3] = 255
    packed[1, ::2, :, 2] = 255  # every other line blue: half of it in the mean
    np.save(tmp_path / "crops.npy", packed)
    crops = load_small_crops(tmp_path / "crops.npy", 16)
    assert crops.shape == (2, 3, 16, 32) and crops.dtype == np.float32
    assert (crops[0, 0, :8] == 1).all() and (crops[0, 0, 8:] == 0).all()
    np.testing.assert_allclose(crops[1, 2], 0.5, atol=0.01)
    assert not crops[0, 1:].any()


def test_the_width_is_proportional_to_the_nearest_16(tmp_path):
    """50 x 120 at height 32: 76.8 wide, so 80; a narrow crop gets the minimum of 16."""
    for shape, width in [((50, 120), 80), ((160, 20), 16)]:
        np.save(tmp_path / "crops.npy", np.zeros((1, *shape, 4), np.uint8))
        assert load_small_crops(tmp_path / "crops.npy", 32).shape == (1, 3, 32, width)
