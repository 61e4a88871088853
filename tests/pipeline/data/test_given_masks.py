"""What a mask means, whatever program has saved it."""

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.data import given_masks
from pipeline.data.given_masks import UnclearMask

SIZE = 128, 64
ONE = cv2.ellipse(np.zeros(SIZE[::-1], np.uint8), (64, 32), (42, 21), 0, 0, 360, 1, -1)
TWO = cv2.ellipse(np.zeros(SIZE[::-1], np.uint8), (20, 32), (9, 21), 0, 0, 360, 1, -1)
GROUND = np.repeat(np.uint8([[0]] * 40 + [[255]] * 24), 128, axis=1)  # below the animal
NONE, ALL = np.zeros_like(ONE), np.full_like(ONE, 255)
NOISE = np.random.default_rng(0).integers(0, 255, (*ONE.shape, 3), np.uint8)


def palette(indices, colours):
    image = Image.frombytes("P", SIZE, indices.tobytes())
    image.putpalette([value for colour in colours for value in colour])
    return image


def soft(peak):
    return cv2.GaussianBlur(ONE * np.uint8(peak), (0, 0), 2)


MEANINGFUL = {
    "255": ONE * 255,
    "1": ONE,
    "a class": ONE * 2,
    "100": ONE * 100,
    "254 on 3": ONE * 251 + 3,
    "one bit": Image.fromarray(ONE * 255).convert("1"),
    "16 bits": ONE.astype(np.uint16) * 65535,
    "16 bits, 1": ONE.astype(np.uint16),
    "16 bits, an instance": ONE.astype(np.uint16) * 1001,
    "red": np.dstack([ONE * 255, NONE, NONE]),
    "dark red": np.dstack([ONE * 60, ONE * 20, NONE]),
    "grey as colours": np.dstack([ONE] * 3),
    "opacity": np.dstack([NONE] * 3 + [ONE * 255]),
    "opacity of white": np.dstack([ALL] * 3 + [ONE * 255]),
    "opacity of the animal": np.dstack([NOISE, ONE * 255]),
    "opacity and colour alike": np.dstack([ONE * 200, NONE, NONE, ONE * 255]),
    "opaque": np.dstack([ONE * 255] * 3 + [ALL]),
    "grey with opacity": Image.merge("LA", [Image.fromarray(NONE), Image.fromarray(ONE * 255)]),
    "VOC's palette": palette(ONE, [(0, 0, 0), (128, 0, 0)] + [(0, 0, 0)] * 254),
    "VOC's palette, a later class": palette(ONE * 3, [(0, 0, 0)] * 3 + [(128, 128, 0)] * 253),
    "a grey palette in any order": palette(1 - ONE, [(255, 255, 255), (0, 0, 0)]),
}


def save(path, mask):
    image = mask if isinstance(mask, Image.Image) else Image.fromarray(mask)
    image.save(path)
    return path


@pytest.mark.fault(
    "annotations",
    "masks of 0 and 1, class numbers, palettes, colours, opacity, 1 or 16 bits",
    "read as what they mean, pixel by pixel",
)
@pytest.mark.parametrize("kind", MEANINGFUL)
def test_masks_with_one_meaning(tmp_path, kind):
    mask = given_masks.read_mask(save(tmp_path / "m.png", MEANINGFUL[kind]), *SIZE)
    assert mask.dtype == np.uint8 and np.array_equal(mask, ONE * 255)


@pytest.mark.fault("annotations", "soft masks", "the animal is above 127")
@pytest.mark.parametrize("colour", [False, True])
def test_soft_masks(tmp_path, colour):
    pixels = soft(255)
    saved = np.dstack([NONE, pixels, NONE]) if colour else pixels
    mask = given_masks.read_mask(save(tmp_path / "m.png", saved), *SIZE)
    assert np.array_equal(mask > 0, pixels > 127) and len(np.unique(pixels)) > 20


def test_a_few_levels_at_the_edge_are_soft(tmp_path):
    pixels = ONE * np.uint8(255)
    pixels[10, 64], pixels[11, 64] = 100, 180
    mask = given_masks.read_mask(save(tmp_path / "m.png", pixels), *SIZE)
    assert mask[10, 64] == 0 and mask[11, 64] == 255


UNCLEAR = {
    "empty": (NONE, "every pixel is 0"),
    "one pixel": (np.pad(np.full((1, 1), 255, np.uint8), ((9, 54), (9, 118))), "a single pixel"),
    "all marked": (ALL, "every pixel is 255"),
    "all of class 1": (NONE + 1, "every pixel is 1"),
    "transparent everywhere": (np.dstack([NONE] * 4), "every pixel is 0"),
    "two classes": (ONE + TWO * 2, "no pixel is above 127, and the levels .0, 1, 2, 3. are"),
    "1 and 2 without 0": (ONE + 1, "the levels .1, 2."),
    "200 and 255": (ONE * 55 + 200, "no pixel is at or below 127"),
    "faint": (soft(100), "no pixel is above 127"),
    "a class with a border of 255": (
        np.where(cv2.dilate(ONE, np.ones((3, 3))) > ONE, 255, ONE).astype(np.uint8),
        "the levels 0, 1, 255, as of several classes",
    ),
    "stretched classes": (np.where(ONE > 0, 128, GROUND).astype(np.uint8), "several classes"),
    "red and green": (np.dstack([ONE * 255, TWO * (1 - ONE) * 255, NONE]), "several colours"),
    "red on white": (np.dstack([ALL, ALL - ONE * 255, ALL - ONE * 255]), "no black background"),
    "a photograph": (NOISE, "black"),
    "a grey photograph": (NOISE[..., 0], "neither dark nor bright, as those of a photograph"),
    "opacity elsewhere": (
        np.dstack([TWO * 255] * 3 + [ONE * 255]),
        "opacity marks other pixels than its colours",
    ),
    "inverted": (255 - ONE * 255, "marks the edge and not the middle.*-negate"),
    "inverted, 1": (1 - ONE, "marks the edge and not the middle"),
    "inverted opacity": (np.dstack([NONE] * 3 + [255 - ONE * 255]), "marks the edge"),
    "of the turned photograph": (ONE.T * 255, "64 x 128, its image is 128 x 64: it fits the image"),
    "smaller": (ONE[::2, ::2] * 255, "64 x 32, its image is 128 x 64: scale the mask"),
}


@pytest.mark.fault(
    "annotations",
    "masks that are constant, inverted, of several classes, of faint or of another size",
    "refused with what is unclear, and the way out",
)
@pytest.mark.parametrize("kind", UNCLEAR)
def test_masks_without_a_clear_meaning(tmp_path, kind):
    mask, reason = UNCLEAR[kind]
    path = save(tmp_path / "m.png", np.ascontiguousarray(mask))
    with pytest.raises(UnclearMask, match=reason):
        given_masks.read_mask(path, *SIZE)


def test_an_animal_that_fills_most_of_the_edge_is_not_inverted():
    mask = np.full((40, 60), 255, np.uint8)
    mask[:3, :20] = 0  # sky above a shoulder
    assert not given_masks.is_inverted(mask)
    mask[:] = 255
    mask[20, 20:24] = 0  # a hole of less than a hundredth
    assert not given_masks.is_inverted(mask)
    mask[10:30, 15:45] = 0
    assert given_masks.is_inverted(mask)


@pytest.mark.parametrize("height", [1, 2])
def test_the_smallest_masks(tmp_path, height):
    pixels = np.zeros((height, 2), np.uint8)
    pixels[0, 0] = 1
    mask = given_masks.read_mask(save(tmp_path / "m.png", pixels), 2, height)
    assert mask[0, 0] == 255 and mask.sum() == 255
