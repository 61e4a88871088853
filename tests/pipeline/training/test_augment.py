"""Training views: seeded, off at 0, and mask and picture move together."""

import numpy as np
import pytest

from pipeline.params import Augment
from pipeline.training import augment

OFF = dict.fromkeys(Augment.model_fields, 0.0)
STRENGTHS = {
    "rotate": 20,
    "shift": 0.2,
    "zoom": 0.3,
    "shear": 20,
    "perspective": 0.2,
    "brightness": 0.4,
    "contrast": 0.4,
    "hue": 0.2,
    "grey": 1.0,
    "blur": 1.0,
    "noise": 1.0,
    "erase": 1.0,
}
GEOMETRY = ["rotate", "shift", "zoom", "shear", "perspective"]


def transform(**strengths: float):
    return augment.training(Augment.model_validate(OFF | strengths))


@pytest.fixture
def crop() -> np.ndarray:
    """A bright, coloured block on a dark ground, off the centre; the mask is the block."""
    crop = np.zeros((48, 96, 4), dtype=np.uint8)
    crop[:, :, :3] = (20, 30, 40)
    crop[12:30, 20:60] = (210, 160, 120, 255)
    return crop


def test_every_strength_is_tried_here():
    of_the_dataset = {"mask_dropout", "background"}
    assert set(STRENGTHS) | of_the_dataset == set(Augment.model_fields)


def test_all_strengths_0_leave_the_crop_untouched(crop):
    assert np.array_equal(augment.view(transform(), crop, seed=3), crop)


def test_a_view_leaves_its_crop_alone(crop):
    before = crop.copy()
    augment.view(transform(**STRENGTHS), crop, seed=3)
    assert np.array_equal(crop, before)


@pytest.mark.parametrize("name", STRENGTHS)
def test_each_strength_alone_does_something_and_keeps_the_shape(name, crop):
    views = [augment.view(transform(**{name: STRENGTHS[name]}), crop, seed) for seed in range(6)]
    assert all(view.shape == crop.shape and view.dtype == np.uint8 for view in views)
    assert any(not np.array_equal(view, crop) for view in views)


@pytest.mark.parametrize("name", sorted(set(STRENGTHS) - set(GEOMETRY)))
def test_light_and_damage_leave_the_mask_alone(name, crop):
    for seed in range(6):
        view = augment.view(transform(**{name: STRENGTHS[name]}), crop, seed)
        assert np.array_equal(view[:, :, 3], crop[:, :, 3])


@pytest.mark.parametrize("name", GEOMETRY)
def test_mask_and_picture_move_together(name, crop):
    moved = 0
    for seed in range(8):
        view = augment.view(transform(**{name: STRENGTHS[name]}), crop, seed)
        block, mask = view[:, :, 0] > 115, view[:, :, 3] > 127
        moved += not np.array_equal(mask, crop[:, :, 3] > 127)
        # the picture is interpolated and the mask is not: they differ at the edge alone
        assert (block & mask).sum() / (block | mask).sum() > 0.9
        assert set(np.unique(view[:, :, 3])) <= {0, 255}
    assert moved >= 2


def test_the_same_seed_gives_the_same_view_whatever_came_before(crop):
    first, second = transform(**STRENGTHS), transform(**STRENGTHS)
    for seed in (1, 2, 3):
        augment.view(first, crop, seed)
    assert np.array_equal(augment.view(first, crop, 7), augment.view(second, crop, 7))


def test_another_seed_gives_another_view(crop):
    views = {augment.view(transform(**STRENGTHS), crop, seed).tobytes() for seed in range(10)}
    assert len(views) == 10


def test_noise_is_mild():
    """Its standard deviation stays below a tenth of white."""
    grey = np.full((64, 64, 4), 128, dtype=np.uint8)
    for seed in range(6):
        noise = augment.view(transform(noise=1.0), grey, seed)[:, :, :3].astype(float) - 128
        assert 0.015 * 255 < noise.std() < 0.11 * 255


def block(colour: int, columns: slice, ground: int = 0) -> np.ndarray:
    """12 x 16, an animal of one grey in some columns before ground of another."""
    picture = np.full((12, 16, 4), ground, np.uint8)
    picture[:, :, 3] = 0
    picture[:, columns, :3] = colour
    picture[:, columns, 3] = 255
    return picture


def test_before_another_background_by_hand():
    """Its own columns stay, the other's ground is 90, also where the other's animal stood."""
    found = augment.before(block(200, slice(0, 6)), block(20, slice(4, 12), ground=90))
    assert (found[:, :4, :3] == 200).all() and (found[:, 8:, :3] == 90).all()
    edge = found[0, 4:8, 0]
    assert list(edge) == sorted(edge, reverse=True)  # a soft edge
    assert np.array_equal(found[:, :, 3], block(200, slice(0, 6))[:, :, 3])


@pytest.mark.parametrize("columns", [slice(0, 0), slice(0, 16)], ids=["no animal", "all animal"])
def test_without_a_ground_to_exchange_a_crop_stays(columns):
    own, other = block(200, columns), block(20, slice(4, 12), ground=90)
    assert np.array_equal(augment.before(own, other), own)
    assert np.array_equal(augment.before(other, block(1, slice(0, 16))), other)
