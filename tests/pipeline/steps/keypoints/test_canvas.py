"""The animal's frame at its own proportions."""

import cv2
import numpy as np
import pytest

from pipeline.data.warping import warp
from pipeline.steps.crop import boxes
from pipeline.steps.keypoints.canvas import animal, canvas, contrasted


def test_a_box_of_40_by_20_stretched_to_a_square_gets_its_proportions_back():
    squeezed = boxes.transform(boxes.upright((10, 30, 50, 50)), 16, 16)
    matrix, width, height = canvas(squeezed, 16, 16, longest=80)
    assert (width, height) == (80, 40)  # twice its size
    np.testing.assert_allclose(matrix, boxes.transform(boxes.upright((10, 30, 50, 50)), 80, 40))


def test_a_tilted_frame_stays_tilted():
    frame = boxes.Frame(60, 40, 30, 12, angle=0.4)
    matrix, width, height = canvas(boxes.transform(frame, 50, 50), 50, 50, longest=60)
    assert (width, height) == (60, 24)
    np.testing.assert_allclose(matrix, boxes.transform(frame, 60, 24), atol=1e-9)


@pytest.mark.parametrize("longest, expected", [(10, (10, 5)), (1000, (80, 40))])
def test_the_longer_side_and_no_more_than_twice_the_photographs_pixels(longest, expected):
    whole = boxes.transform(boxes.upright((0, 0, 40, 20)), 32, 64)
    assert canvas(whole, 32, 64, longest)[1:] == expected


def test_a_sliver_keeps_a_pixel():
    sliver = boxes.transform(boxes.upright((0, 0, 500, 1)), 32, 32)
    assert canvas(sliver, 32, 32, longest=100)[1:] == (100, 1)


def test_the_canvas_shows_what_the_frame_holds():
    rgb = np.zeros((60, 100, 3), np.uint8)
    rgb[30:50, 10:50] = 200
    matrix, width, height = canvas(
        boxes.transform(boxes.upright((10, 30, 50, 50)), 16, 16), 16, 16, longest=80
    )
    assert (warp(rgb, matrix, width, height, cv2.BORDER_REPLICATE)[2:-2, 2:-2] == 200).all()


def test_the_part_of_a_crop_around_its_mask():
    transform = boxes.transform(boxes.upright((0, 0, 200, 100)), 100, 50)
    mask = np.zeros((50, 100), np.uint8)
    mask[10:30, 40:80] = 255
    part, inside = animal(transform, mask, margin=0.1)
    assert inside.shape == (24, 48) and np.array_equal(inside, mask[8:32, 36:84])
    np.testing.assert_allclose(part, boxes.transform(boxes.upright((72, 16, 168, 64)), 48, 24))


@pytest.mark.parametrize("rows, margin", [(slice(0, 50), 0.0), (slice(5, 45), 0.5), (slice(0), 0)])
def test_the_part_ends_with_the_crop_and_without_a_mask_is_all_of_it(rows, margin):
    transform = boxes.transform(boxes.upright((0, 0, 200, 100)), 100, 50)
    mask = np.zeros((50, 100), np.uint8)
    mask[rows] = 255
    part, inside = animal(transform, mask, margin)
    assert np.array_equal(inside, mask) and np.array_equal(part, transform)


def test_shade_is_evened_out():
    texture = np.random.default_rng(0).normal(0, 1, (128, 128))
    shade = np.where(np.arange(128) < 64, 4.0, 24.0)
    rgb = np.repeat((100 + texture * shade)[..., None].clip(0, 255).astype(np.uint8), 3, axis=2)
    before, after = (
        picture[:, 80:].std() / picture[:, :48].std() for picture in (rgb[..., 0], contrasted(rgb))
    )
    assert before > 5.5 and after < 0.8 * before
