"""Training views: seeded, unchanged at strength 0, mask and picture alike."""

from random import Random

import albumentations as A
import cv2
import numpy as np
import pytest

from pipeline.params import Augment
from pipeline.training.augment import Augmentation

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


def build(**strengths: float) -> Augmentation:
    return Augmentation(Augment.model_validate(OFF | strengths))


def view_of(crop: np.ndarray, seed: int, flipped: bool = False, **strengths: float) -> np.ndarray:
    return build(**strengths)(crop, flipped, seed).transpose(1, 2, 0)


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


@pytest.mark.parametrize("flipped", [False, True])
def test_all_strengths_0_leave_the_crop_or_its_mirror_image(crop, flipped):
    expected = crop[:, ::-1] if flipped else crop
    assert np.array_equal(view_of(crop, 3, flipped), expected)


def test_a_view_leaves_its_crop_alone(crop):
    before = crop.copy()
    for seed in range(4):
        view_of(crop, seed, **STRENGTHS)
        view_of(crop, seed, **{**STRENGTHS, **dict.fromkeys(GEOMETRIC, 0)})
    assert np.array_equal(crop, before)


def test_a_read_only_crop_is_enough(crop):
    """Packed crops are a memory map."""
    crop.flags.writeable = False
    assert view_of(crop, 3, contrast=0.4).shape == crop.shape


@pytest.mark.parametrize("name", STRENGTHS)
def test_each_strength_alone_changes_the_crop_and_not_its_shape(name, crop):
    views = [view_of(crop, seed, **{name: STRENGTHS[name]}) for seed in range(8)]
    assert all(view.shape == crop.shape and view.dtype == np.uint8 for view in views)
    assert any(not np.array_equal(view, crop) for view in views)


@pytest.mark.parametrize("name", sorted(set(STRENGTHS) - set(GEOMETRIC)))
def test_colour_and_corruptions_leave_the_mask_alone(name, crop):
    for seed in range(6):
        view = view_of(crop, seed, **{name: STRENGTHS[name]})
        assert np.array_equal(view[:, :, 3], crop[:, :, 3])


@pytest.mark.parametrize("name", GEOMETRIC)
def test_mask_and_picture_move_together(name, crop):
    changed = 0
    for seed in range(8):
        view = view_of(crop, seed, **{name: STRENGTHS[name]})
        block, mask = view[:, :, 0] > 115, view[:, :, 3] > 127
        changed += not np.array_equal(mask, crop[:, :, 3] > 127)
        assert (block & mask).sum() / (block | mask).sum() > 0.95
        assert set(np.unique(view[:, :, 3])) <= {0, 255}
    assert changed >= 2


def test_the_same_seed_gives_the_same_view_after_other_views(crop):
    first, second = build(**STRENGTHS), build(**STRENGTHS)
    for seed in (1, 2, 3):
        first(crop, False, seed)
    assert np.array_equal(first(crop, True, 7), second(crop, True, 7))


def test_another_seed_gives_another_view(crop):
    assert len({view_of(crop, seed, **STRENGTHS).tobytes() for seed in range(10)}) == 10


def test_noise_is_mild_and_not_the_same_everywhere():
    """Its standard deviation stays below a tenth of white."""
    grey = np.full((64, 64, 4), 128, dtype=np.uint8)
    noise = [view_of(grey, seed, noise=1.0)[:, :, :3].astype(float) - 128 for seed in range(6)]
    assert all(0.015 * 255 < one.std() < 0.11 * 255 for one in noise)
    # any two are independent: the correlation of 12,288 pairs has a standard deviation of .009
    assert all(
        abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.05
        for a, b in zip(noise, noise[1:], strict=False)
    )


def test_noise_fills_a_picture_larger_than_the_stored_deviates():
    grey = np.full((700, 800, 4), 128, dtype=np.uint8)
    assert view_of(grey, 0, noise=1.0)[-1, :, :3].std() > 3


def test_corruptions_are_independent(crop):
    """Grey and erased with probability one half each: both in a quarter of 400 views."""
    counts = np.zeros((2, 2), int)
    augmentation = build(grey=0.5, erase=0.5)
    for seed in range(400):
        picture = augmentation(crop, False, seed)[:3]
        grey = (picture == picture[:1]).all()
        counts[int(grey), int((picture == 0).any())] += 1
    # 4 standard deviations of a count of 400 with probability .25 are 35
    assert abs(counts - 100).max() < 35


# the same distribution as albumentations' own transforms, applied one after the other


def smooth_crop() -> np.ndarray:
    """Random colours, interpolated 8 times: 24 x 48 with an animal of half of the pixels."""
    rng = np.random.default_rng(0)
    crop = cv2.resize(rng.integers(0, 256, (3, 6, 4), dtype=np.uint8), (48, 24))
    crop[:, :, 3] = np.where(crop[:, :, 3] > 127, 255, 0)
    return crop


COLOURS = dict(brightness=0.25, contrast=0.25, hue=0.08, grey=0.1)


def compose_colours() -> A.Compose:
    s = COLOURS
    return A.Compose(
        [
            A.RandomBrightnessContrast(s["brightness"], s["contrast"], p=0.8),
            A.HueSaturationValue(180 * s["hue"], 2 * 255 * s["hue"], 0, p=0.5),
            A.ToGray(p=s["grey"]),
        ]
    )


def compose_noise() -> A.Compose:
    return A.Compose([A.GaussNoise(std_range=(0.02, 0.1), p=0.4)])


def compose_blur() -> A.Compose:
    return A.Compose([A.GaussianBlur(blur_limit=(3, 5), p=0.5)])


def compose_erase() -> A.Compose:
    size = (0.1, 0.3)
    return A.Compose([A.CoarseDropout((1, 2), size, size, p=0.4)])


@pytest.mark.parametrize(
    ("strengths", "compose"),
    [
        (COLOURS, compose_colours),
        (dict(noise=0.4), compose_noise),
        (dict(blur=0.5), compose_blur),
        (dict(erase=0.4), compose_erase),
    ],
    ids=["colours", "noise", "blur", "erase"],
)
def test_the_distribution_is_that_of_albumentations(strengths, compose):
    """Means and standard deviations of every value over 2,000 views each, and the histogram.

    A strength that is half as large again exceeds the bound of the standard deviations.
    """
    crop, views = smooth_crop(), 2000
    augmentation, reference = build(**strengths), compose()
    reference.set_random_state(np.random.default_rng(0), Random(0))
    picture = np.ascontiguousarray(crop[:, :, :3])
    mine = np.stack([augmentation(crop, False, seed)[:3] for seed in range(views)])
    theirs = np.stack([reference(image=picture)["image"].transpose(2, 0, 1) for _ in range(views)])
    assert np.abs(mine.mean(axis=0) - theirs.mean(axis=0)).mean() < 2.0
    # a rare event's deviations are known less well
    bound = 2.5 if "erase" in strengths else 0.9
    assert np.abs(mine.std(axis=0) - theirs.std(axis=0)).mean() < bound
    bins = np.arange(0, 257, 16)
    first, second = (np.histogram(some, bins)[0] / some.size for some in (mine, theirs))
    assert np.abs(first - second).sum() < 0.03
