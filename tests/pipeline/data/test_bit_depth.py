"""Cameras' 10, 12 and 14 bits in 16 are as bright as they are meant to be."""

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.data import bit_depth, images

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
PICTURE[0, 0] = 255


@pytest.mark.fault(
    "photographs",
    "8, 10, 12 or 14 bits stored in 16",
    "read by the bits that are used; the upper byte alone would be nearly black",
)
@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("depth", [8, 10, 12, 14, 16])
def test_the_upper_bits_that_are_used(tmp_path, ending, depth):
    path = tmp_path / f"a.{ending}"
    cv2.imwrite(str(path), PICTURE.astype(np.uint16) << (depth - 8))
    assert np.array_equal(images.read_rgb(path), PICTURE[..., ::-1])
    grey = images.decode(path.read_bytes(), path, cv2.IMREAD_GRAYSCALE)
    assert abs(grey.mean() - cv2.cvtColor(PICTURE, cv2.COLOR_BGR2GRAY).mean()) < 1


@pytest.mark.parametrize(
    ("largest", "depth"),
    [(0, 8), (255, 8), (256, 10), (1023, 10), (4095, 12), (4096, 14), (16384, 16), (65534, 16)],
)
def test_depths(largest, depth):
    assert bit_depth.find_depth(np.array([0, largest], np.uint16)) == depth


@pytest.mark.fault(
    "photographs",
    "12 bits in 16 with a time drawn in white, or with a defective pixel",
    "as bright as without them; what is beyond 12 bits is white",
)
@pytest.mark.parametrize("stray", ["a white strip", "one pixel in 20,000"])
def test_marks_and_defective_pixels_make_no_photograph_dark(stray):
    pixels = np.random.default_rng(0).integers(0, 4096, (100, 200), np.uint16)
    expected = (pixels >> 4).astype(np.uint8)
    where = np.s_[90:] if stray == "a white strip" else np.s_[5, 5]
    pixels[where], expected[where] = (65_535 if stray == "a white strip" else 40_000), 255
    assert bit_depth.find_depth(pixels) == 12
    assert np.array_equal(bit_depth.reduce_depth(pixels), expected)


def test_few_bright_pixels_are_no_defect():
    """3 in 20,000: a lamp at night, in 16 bits."""
    pixels = np.full((100, 200), 900, np.uint16)
    pixels[50, 50:53] = 40_000
    assert bit_depth.find_depth(pixels) == 16


def test_eight_bits_stay_as_they_are():
    dark = np.array([[3, 1]], np.uint8)
    assert bit_depth.reduce_depth(dark) is dark


@pytest.mark.fault(
    "photographs", "photographs of 32-bit numbers (TIFF)", "refused with the way to convert them"
)
def test_floating_point_is_refused(tmp_path):
    Image.fromarray(np.full((4, 6), 0.5, np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match=r"a\.tif: has numbers of 32 bits.*8 or 16.*-depth 16"):
        images.read_rgb(tmp_path / "a.tif")
