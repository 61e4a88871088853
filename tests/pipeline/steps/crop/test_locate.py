"""Which box wins."""

import numpy as np
import pytest

from pipeline.steps.crop.locate import locate
from tests.pipeline.steps.crop import synthetic

MASK = np.zeros((80, 120), np.uint8)
MASK[20:30, 40:60] = 255


def located(given=None, mask=None, source="unet", **changes):
    return locate((80, 120), given, mask, source, synthetic.SETTINGS.model_copy(update=changes))


def test_a_given_box_beats_a_mask():
    found = located(given=(1, 2, 100, 70), mask=MASK, source="mask")
    assert (found.source, found.box) == ("given", (1, 2, 100, 70))
    assert found.mask is MASK


@pytest.mark.parametrize("source", ["mask", "unet", "grabcut"])
def test_a_mask_beats_nothing(source):
    found = located(mask=MASK, source=source)
    assert (found.source, found.box) == (source, (40, 20, 60, 30))


def test_nothing_is_the_whole_photograph_without_margin():
    found = located(padding=0.5)
    assert (found.source, found.box, found.mask) == ("whole", (0, 0, 120, 80), None)
    assert (found.frame.width, found.frame.height) == (120, 80)


def test_the_box_is_noted_before_its_margin():
    found = located(mask=MASK, padding=0.5)
    assert found.box == (40, 20, 60, 30)
    assert (found.frame.width, found.frame.height) == (40, 20)


def test_a_given_box_without_a_mask():
    found = located(given=(1, 2, 3, 4))
    assert (found.source, found.mask) == ("given", None)


def test_alignment_turns_the_frame_and_not_the_box():
    mask = synthetic.ellipse(degrees=20)
    level, turned = located(mask=mask), located(mask=mask, align="axis")
    assert level.box == turned.box and level.frame.angle == 0
    assert np.degrees(turned.frame.angle) == pytest.approx(20, abs=1)
    assert turned.frame.height < level.frame.height


def test_alignment_looks_inside_the_given_box_alone():
    mask = np.maximum(synthetic.ellipse(degrees=20, axes=(30, 8)), 0)
    mask[70:, :] = 255  # a larger region, outside the box
    found = located(given=(25, 20, 95, 60), mask=mask, align="axis")
    assert np.degrees(found.frame.angle) == pytest.approx(20, abs=2)


def test_a_mask_that_misses_the_given_box_has_no_say():
    found = located(given=(0, 0, 10, 10), mask=MASK, align="axis")
    assert (found.source, found.frame.angle) == ("given", 0)


def test_the_whole_photograph_with_what_of_the_mask_lies_in_the_box():
    mask = MASK.copy()
    mask[70:75, 100:104] = 255  # a smaller region elsewhere
    found = located(mask=mask, frame="photograph", padding=0.5)
    assert (found.source, found.box) == ("unet", (40, 20, 60, 30))
    assert (found.frame.width, found.frame.height) == (120, 80)
    assert np.array_equal(found.mask, MASK)


@pytest.mark.parametrize("mask", [None, np.roll(MASK, 40, axis=0)])
def test_the_whole_photograph_with_a_box_and_no_mask_in_it(mask):
    found = located(given=(40, 20, 60, 30), mask=mask, frame="photograph")
    assert np.array_equal(found.mask, MASK)
