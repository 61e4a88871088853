"""Training views: seeded, unchanged at strength 0, mask and picture alike."""

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
GEOMETRIC = ["rotate", "shift", "zoom", "shear", "perspective"]


def transform(**strengths: float):
    return augment.build_transform(Augment.model_validate(OFF | strengths))


@pytest.fixture
def crop() -> np.ndarray:
    """A bright, coloured block on a dark background, off the centre; the mask is the block."""
    crop = np.zeros((48, 96, 4), dtype=np.uint8)
    crop[:, :, :3] = (20, 30, 40)
    crop[12:30, 20:60] = (210, 160, 120, 255)
    return crop


def test_every_strength_is_tried_here():
    in_the_dataset = {"mask_dropout", "background"}
    assert set(STRENGTHS) | in_the_dataset == set(Augment.model_fields)


def test_all_strengths_0_leave_the_crop_untouched(crop):
    assert np.array_equal(augment.augment_view(transform(), crop, seed=3), crop)


def test_a_view_leaves_its_crop_alone(crop):
    before = crop.copy()
    augment.augment_view(transform(**STRENGTHS), crop, seed=3)
    assert np.array_equal(crop, before)


@pytest.mark.parametrize("name", STRENGTHS)
def test_each_strength_alone_changes_the_crop_and_not_its_shape(name, crop):
    views = [
        augment.augment_view(transform(**{name: STRENGTHS[name]}), crop, seed) for seed in range(6)
    ]
    assert all(view.shape == crop.shape and view.dtype == np.uint8 for view in views)
    assert any(not np.array_equal(view, crop) for view in views)


@pytest.mark.parametrize("name", sorted(set(STRENGTHS) - set(GEOMETRIC)))
def test_colour_and_corruptions_leave_the_mask_alone(name, crop):
    for seed in range(6):
        view = augment.augment_view(transform(**{name: STRENGTHS[name]}), crop, seed)
        assert np.array_equal(view[:, :, 3], crop[:, :, 3])


@pytest.mark.parametrize("name", GEOMETRIC)
def test_mask_and_picture_move_together(name, crop):
    changed = 0
    for seed in range(8):
        view = augment.augment_view(transform(**{name: STRENGTHS[name]}), crop, seed)
        block, mask = view[:, :, 0] > 115, view[:, :, 3] > 127
        changed += not np.array_equal(mask, crop[:, :, 3] > 127)
        # the picture is interpolated and the mask is not: they differ only at the edge
        assert (block & mask).sum() / (block | mask).sum() > 0.9
        assert set(np.unique(view[:, :, 3])) <= {0, 255}
    assert changed >= 2


def test_the_same_seed_gives_the_same_view_after_other_views(crop):
    first, second = transform(**STRENGTHS), transform(**STRENGTHS)
    for seed in (1, 2, 3):
        augment.augment_view(first, crop, seed)
    assert np.array_equal(
        augment.augment_view(first, crop, 7), augment.augment_view(second, crop, 7)
    )


def test_another_seed_gives_another_view(crop):
    views = {
        augment.augment_view(transform(**STRENGTHS), crop, seed).tobytes() for seed in range(10)
    }
    assert len(views) == 10


def test_noise_is_mild():
    """Its standard deviation stays below a tenth of white."""
    grey = np.full((64, 64, 4), 128, dtype=np.uint8)
    for seed in range(6):
        noise = augment.augment_view(transform(noise=1.0), grey, seed)[:, :, :3].astype(float) - 128
        assert 0.015 * 255 < noise.std() < 0.11 * 255


def block(colour: int, columns: slice, background: int = 0) -> np.ndarray:
    """12 x 16, an animal of one grey in some columns before a background of another."""
    picture = np.full((12, 16, 4), background, np.uint8)
    picture[:, :, 3] = 0
    picture[:, columns, :3] = colour
    picture[:, columns, 3] = 255
    return picture


def test_another_background_by_hand():
    """The animal's columns stay; the background is 90, also in place of the other animal."""
    mixed = augment.replace_background(
        block(200, slice(0, 6)), block(20, slice(4, 12), background=90)
    )
    assert (mixed[:, :4, :3] == 200).all() and (mixed[:, 8:, :3] == 90).all()
    edge = mixed[0, 4:8, 0]
    assert list(edge) == sorted(edge, reverse=True)  # a soft edge
    assert np.array_equal(mixed[:, :, 3], block(200, slice(0, 6))[:, :, 3])


@pytest.mark.parametrize("columns", [slice(0, 0), slice(0, 16)], ids=["no animal", "all animal"])
def test_a_crop_without_animal_or_background_stays(columns):
    crop, other = block(200, columns), block(20, slice(4, 12), background=90)
    assert np.array_equal(augment.replace_background(crop, other), crop)
    assert np.array_equal(augment.replace_background(other, block(1, slice(0, 16))), other)
