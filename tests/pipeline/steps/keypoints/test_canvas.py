"""The canvas: the animal's frame at its own proportions."""

import cv2
import numpy as np
import pytest

from pipeline.data.warping import warp
from pipeline.steps.crop import boxes
from pipeline.steps.keypoints.canvas import crop_to_mask, equalize_contrast, fit_canvas


def test_a_box_of_40_by_20_squeezed_into_a_square_regains_its_proportions():
    squeezed = boxes.transform(boxes.upright_frame((10, 30, 50, 50)), 16, 16)
    matrix, width, height = fit_canvas(squeezed, 16, 16, longest=80)
    assert (width, height) == (80, 40)  # twice its size
    np.testing.assert_allclose(
        matrix, boxes.transform(boxes.upright_frame((10, 30, 50, 50)), 80, 40)
    )


def test_a_tilted_frame_stays_tilted():
    frame = boxes.Frame(60, 40, 30, 12, angle=0.4)
    matrix, width, height = fit_canvas(boxes.transform(frame, 50, 50), 50, 50, longest=60)
    assert (width, height) == (60, 24)
    np.testing.assert_allclose(matrix, boxes.transform(frame, 60, 24), atol=1e-9)


@pytest.mark.parametrize("longest, expected", [(10, (10, 5)), (1000, (80, 40))])
def test_canvas_has_the_wanted_longer_side_but_at_most_doubles_the_photograph(longest, expected):
    whole = boxes.transform(boxes.upright_frame((0, 0, 40, 20)), 32, 64)
    assert fit_canvas(whole, 32, 64, longest)[1:] == expected


@pytest.mark.parametrize(
    "frame, canvas",
    [((150, 100), (300, 200)), ((300, 150), (600, 300)), ((4000, 3000), (640, 480))],
    ids=["a small photograph", "a fluke of 300 pixels", "a camera's"],
)
def test_one_size_serves_photographs_of_all_sizes(frame, canvas):
    """Small ones are doubled, larger ones fill the 640 pixels."""
    whole = boxes.transform(boxes.upright_frame((0, 0, *frame)), 160, 80)
    assert fit_canvas(whole, 160, 80, longest=640)[1:] == canvas


def test_a_sliver_keeps_one_pixel():
    sliver = boxes.transform(boxes.upright_frame((0, 0, 500, 1)), 32, 32)
    assert fit_canvas(sliver, 32, 32, longest=100)[1:] == (100, 1)


def test_the_canvas_shows_the_frame():
    rgb = np.zeros((60, 100, 3), np.uint8)
    rgb[30:50, 10:50] = 200
    matrix, width, height = fit_canvas(
        boxes.transform(boxes.upright_frame((10, 30, 50, 50)), 16, 16), 16, 16, longest=80
    )
    assert (warp(rgb, matrix, width, height, cv2.BORDER_REPLICATE)[2:-2, 2:-2] == 200).all()


def test_a_crop_is_cut_to_its_mask_with_padding():
    transform = boxes.transform(boxes.upright_frame((0, 0, 200, 100)), 100, 50)
    mask = np.zeros((50, 100), np.uint8)
    mask[10:30, 40:80] = 255
    cut, inside = crop_to_mask(transform, mask, padding=0.1)
    assert inside.shape == (24, 48) and np.array_equal(inside, mask[8:32, 36:84])
    np.testing.assert_allclose(cut, boxes.transform(boxes.upright_frame((72, 16, 168, 64)), 48, 24))


@pytest.mark.parametrize("rows, padding", [(slice(0, 50), 0.0), (slice(5, 45), 0.5), (slice(0), 0)])
def test_padding_ends_at_the_crops_edge_and_an_empty_mask_keeps_the_whole_crop(rows, padding):
    transform = boxes.transform(boxes.upright_frame((0, 0, 200, 100)), 100, 50)
    mask = np.zeros((50, 100), np.uint8)
    mask[rows] = 255
    cut, inside = crop_to_mask(transform, mask, padding)
    assert np.array_equal(inside, mask) and np.array_equal(cut, transform)


def test_contrast_of_shaded_and_lit_parts_becomes_similar():
    texture = np.random.default_rng(0).normal(0, 1, (128, 128))
    shade = np.where(np.arange(128) < 64, 4.0, 24.0)
    rgb = np.repeat((100 + texture * shade)[..., None].clip(0, 255).astype(np.uint8), 3, axis=2)
    before, after = (
        grey[:, 80:].std() / grey[:, :48].std() for grey in (rgb[..., 0], equalize_contrast(rgb))
    )
    assert before > 5.5 and after < 0.8 * before
