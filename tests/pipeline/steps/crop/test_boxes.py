"""Masks to boxes, boxes to transforms: numbers that can be checked by hand."""

import numpy as np
import pytest

from pipeline.steps.crop import boxes
from pipeline.steps.crop.boxes import Frame
from tests.pipeline.steps.crop import synthetic


def mapped(matrix, x, y):
    return matrix @ [x, y, 1]


def test_box_edges_become_crop_edges():
    matrix = boxes.transform(boxes.upright_frame((20, 30, 30, 40)), width=5, height=10)
    assert matrix == pytest.approx(np.array([[0.5, 0, -10.25], [0, 1, -30]]))
    # half a pixel outwards from the centres of the first and the last pixel
    assert mapped(matrix, 19.5, 29.5) == pytest.approx([-0.5, -0.5])
    assert mapped(matrix, 29.5, 39.5) == pytest.approx([4.5, 9.5])


def test_a_box_of_the_crops_own_size_only_shifts():
    matrix = boxes.transform(boxes.upright_frame((7, 9, 11, 12)), width=4, height=3)
    assert matrix == pytest.approx(np.array([[1, 0, -7], [0, 1, -9]]))


def test_padding_is_a_fraction_of_the_size_on_each_side():
    frame = boxes.upright_frame((20, 30, 40, 40)).pad(0.1)
    assert (frame.x, frame.y) == (30, 35)
    assert (frame.width, frame.height) == pytest.approx((24, 12))  # 20 + 2 x 2, 10 + 2 x 1


def test_a_quarter_turn_clockwise():
    # What pointed down in the photograph points right in the crop.
    frame = Frame(x=10, y=10, width=4, height=2, angle=np.pi / 2)
    matrix = boxes.transform(frame, width=4, height=2)
    assert mapped(matrix, 9.5, 9.5) == pytest.approx([1.5, 0.5])  # the centre stays the centre
    assert mapped(matrix, 9.5, 10.5) == pytest.approx([2.5, 0.5])


def test_mask_box_is_exclusive_at_its_end():
    mask = np.zeros((6, 8), np.uint8)
    mask[2:4, 3:7] = 255
    assert boxes.mask_box(mask) == (3, 2, 7, 4)


def test_a_single_pixel():
    mask = np.zeros((6, 8), np.uint8)
    mask[5, 7] = 255
    assert boxes.mask_box(boxes.largest_component(mask)) == (7, 5, 8, 6)
    assert boxes.axis_angle(mask) == 0


def test_an_empty_mask_has_no_component():
    assert boxes.largest_component(np.zeros((6, 8), np.uint8)) is None


def test_small_regions_are_left_out():
    mask = np.zeros((9, 9), np.uint8)
    mask[0, 0] = mask[8, 8] = 255
    mask[3:6, 3:6] = 255
    assert boxes.mask_box(boxes.largest_component(mask)) == (3, 3, 6, 6)


@pytest.mark.parametrize("degrees", [-40, -15, 0, 20, 44])
def test_axis_of_an_ellipse(degrees):
    mask = synthetic.ellipse(size=(200, 200), centre=(100, 100), axes=(80, 20), degrees=degrees)
    assert np.degrees(boxes.axis_angle(mask)) == pytest.approx(degrees, abs=0.7)


def test_round_and_upright_masks_are_not_rotated():
    nearly_round = synthetic.ellipse(size=(200, 200), centre=(100, 100), axes=(50, 40), degrees=30)
    upright = synthetic.ellipse(size=(200, 200), centre=(100, 100), axes=(80, 20), degrees=70)
    assert boxes.axis_angle(nearly_round) == boxes.axis_angle(upright) == 0


def test_a_tilted_frame_fits_the_ellipse():
    mask = synthetic.ellipse(size=(200, 200), centre=(100, 90), axes=(80, 20), degrees=30)
    frame = boxes.tilted_frame(mask, np.radians(30))
    assert (frame.x, frame.y) == pytest.approx((100.5, 90.5), abs=1)
    assert (frame.width, frame.height) == pytest.approx((161, 41), abs=3)


def test_a_frame_at_angle_0_is_the_box():
    mask = synthetic.ellipse()
    assert boxes.tilted_frame(mask, 0.0) == boxes.upright_frame(boxes.mask_box(mask))


def test_a_mask_is_clipped_to_a_box():
    mask = np.full((4, 4), 255, np.uint8)
    assert (boxes.clip_mask(mask, (1, 2, 3, 4)) > 0).sum() == 4


def test_overlap_of_boxes():
    """The third pair touches without overlap; the last boxes are empty."""
    a = np.array([[0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 0, 0]], float)
    b = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [2, 0, 4, 2], [0, 0, 0, 0]], float)
    assert boxes.box_iou(a, b).tolist() == [1, 2 / 6, 0, 0]
