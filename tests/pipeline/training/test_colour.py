"""Colours of a view: by hand, and beside albumentations with the same numbers."""

from random import Random

import albumentations as A
import numpy as np
import pytest

from pipeline.params import Augment
from pipeline.training import colour

OFF = dict.fromkeys(Augment.model_fields, 0.0)


class Fixed(Random):
    """Every decision is for a change, and every sample is the upper bound."""

    def random(self) -> float:
        return 0.0

    def uniform(self, a: float, b: float) -> float:
        return b


def recolour(picture: np.ndarray, **strengths: float) -> np.ndarray:
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    colour.recolour(planes, Augment.model_validate(OFF | strengths), Fixed())
    return planes.transpose(1, 2, 0)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def test_contrast_and_brightness_by_hand():
    levels = np.array([[[0, 100, 200]]], np.uint8)
    # 1.2 x level + 25.5, at most 255
    assert recolour(levels, contrast=0.2, brightness=0.1).tolist() == [[[26, 146, 255]]]


def test_grey_by_hand():
    # .299 x 100 + .587 x 200 + .114 x 50
    assert recolour(np.array([[[100, 200, 50]]], np.uint8), grey=1.0).tolist() == [[[153] * 3]]


@pytest.mark.parametrize("hue", [0.01, 0.04, 0.3])
def test_hue_and_saturation_are_those_of_albumentations(picture, hue):
    theirs = A.HueSaturationValue((180 * hue,) * 2, (510 * hue,) * 2, 0, p=1)(image=picture)
    assert np.abs(recolour(picture, hue=hue).astype(int) - theirs["image"]).mean() < 0.5


def test_grey_pixels_stay_grey_whatever_the_saturation():
    grey = np.repeat(np.arange(0, 250, 10, dtype=np.uint8).reshape(5, 5, 1), 3, axis=2)
    assert np.array_equal(recolour(grey, hue=0.2), grey)


def test_no_strength_changes_nothing(picture):
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    colour.recolour(planes, Augment.model_validate(OFF), Random(0))
    assert np.array_equal(planes.transpose(1, 2, 0), picture)
