"""Which box locates the animal: given, of a mask, or the whole photograph."""

import numpy as np
import pytest

from pipeline.steps.crop.locate import locate
from tests.pipeline.steps.crop import synthetic

MASK = np.zeros((80, 120), np.uint8)
MASK[20:30, 40:60] = 255


def locate_with(given=None, mask=None, source="unet", **changes):
    return locate((80, 120), given, mask, source, synthetic.SETTINGS.model_copy(update=changes))


def test_a_given_box_comes_before_a_mask():
    location = locate_with(given=(1, 2, 100, 70), mask=MASK, source="mask")
    assert (location.source, location.box) == ("given", (1, 2, 100, 70))
    assert location.mask is MASK


@pytest.mark.parametrize("source", ["mask", "unet", "grabcut"])
def test_a_mask_locates_the_animal(source):
    location = locate_with(mask=MASK, source=source)
    assert (location.source, location.box) == (source, (40, 20, 60, 30))


def test_without_box_and_mask_it_is_the_whole_photograph_without_padding():
    location = locate_with(padding=0.5)
    assert (location.source, location.box, location.mask) == ("whole", (0, 0, 120, 80), None)
    assert (location.frame.width, location.frame.height) == (120, 80)


def test_the_box_is_recorded_without_padding():
    location = locate_with(mask=MASK, padding=0.5)
    assert location.box == (40, 20, 60, 30)
    assert (location.frame.width, location.frame.height) == (40, 20)


def test_a_given_box_without_a_mask():
    location = locate_with(given=(1, 2, 3, 4))
    assert (location.source, location.mask) == ("given", None)


def test_alignment_turns_the_frame_and_not_the_box():
    mask = synthetic.ellipse(degrees=20)
    level, turned = locate_with(mask=mask), locate_with(mask=mask, align="axis")
    assert level.box == turned.box and level.frame.angle == 0
    assert np.degrees(turned.frame.angle) == pytest.approx(20, abs=1)
    assert turned.frame.height < level.frame.height


def test_alignment_uses_the_mask_inside_the_given_box_alone():
    mask = np.maximum(synthetic.ellipse(degrees=20, axes=(30, 8)), 0)
    mask[70:, :] = 255  # a larger region, outside the box
    location = locate_with(given=(25, 20, 95, 60), mask=mask, align="axis")
    assert np.degrees(location.frame.angle) == pytest.approx(20, abs=2)


def test_a_mask_outside_the_given_box_is_ignored():
    location = locate_with(given=(0, 0, 10, 10), mask=MASK, align="axis")
    assert (location.source, location.frame.angle) == ("given", 0)


def test_the_whole_photograph_has_the_mask_inside_the_box():
    mask = MASK.copy()
    mask[70:75, 100:104] = 255  # a smaller region elsewhere
    location = locate_with(mask=mask, frame="photograph", padding=0.5)
    assert (location.source, location.box) == ("unet", (40, 20, 60, 30))
    assert (location.frame.width, location.frame.height) == (120, 80)
    assert np.array_equal(location.mask, MASK)


@pytest.mark.parametrize("mask", [None, np.roll(MASK, 40, axis=0)])
def test_the_whole_photograph_has_the_box_as_mask_without_another(mask):
    location = locate_with(given=(40, 20, 60, 30), mask=mask, frame="photograph")
    assert np.array_equal(location.mask, MASK)
