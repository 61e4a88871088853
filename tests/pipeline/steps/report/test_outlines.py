import numpy as np

from pipeline.data.tables import TRANSFORM
from pipeline.steps.crop import boxes
from pipeline.steps.report import outlines


def make_row(box: boxes.Box, width: int, height: int) -> dict:
    matrix = boxes.transform(boxes.upright_frame(box), width, height)
    return dict(zip(TRANSFORM, matrix.ravel(), strict=True))


def test_the_crops_outline_is_its_box():
    """Of a photograph of 100 x 50, the box from (20, 10) to (60, 40)."""
    corners = outlines.outline_crop(make_row((20, 10, 60, 40), 80, 30), (80, 30), 100, 50)
    assert corners == [200, 200, 600, 200, 600, 800, 200, 800]


def test_a_masks_outline_lies_on_the_photograph():
    """The middle of the box, from (30, 20) to (50, 30): its outermost pixels' centres."""
    mask = np.zeros((30, 80), np.uint8)
    mask[10:20, 20:60] = 255
    outline = outlines.outline_mask(mask, make_row((20, 10, 60, 40), 80, 30), 100, 50)
    corners = np.reshape(outline, (-1, 2))
    assert np.abs(corners.min(axis=0) - [300, 400]).max() <= 10
    assert np.abs(corners.max(axis=0) - [500, 600]).max() <= 10


def test_without_a_mask_there_is_no_outline():
    row = make_row((0, 0, 80, 30), 80, 30)
    assert outlines.outline_mask(np.zeros((30, 80), np.uint8), row, 80, 30) == []
    assert outlines.outline_mask(np.full((30, 80), 255, np.uint8), row, 80, 30) == []


def test_points_outside_are_moved_to_the_edge():
    assert outlines.to_flat_list(np.array([[-30.0, 10], [500, 10]]), 100, 21) == [0, 500, 1000, 500]
