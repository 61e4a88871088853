"""The warp of a view: by hand, and the distribution of albumentations' matrices."""

from random import Random

import albumentations as A
import numpy as np
import pytest

from pipeline.params import Augment
from pipeline.training.warp import sample_matrix, warp

OFF = dict.fromkeys(Augment.model_fields, 0.0)
HEIGHT, WIDTH = 30, 60
SAMPLES = 20_000


def strength(**some: float) -> Augment:
    return Augment.model_validate(OFF | some)


def sample_matrices(**some: float) -> np.ndarray:
    random = Random(0)
    return np.stack(
        [sample_matrix(strength(**some), HEIGHT, WIDTH, random) for _ in range(SAMPLES)]
    )


def assert_same_moments(first: np.ndarray, second: np.ndarray) -> None:
    """Means and standard deviations of all entries agree within five standard errors."""
    spread = first.std(axis=0)
    error = spread / np.sqrt(SAMPLES)
    assert (np.abs(first.mean(axis=0) - second.mean(axis=0)) <= 7.1 * error + 1e-12).all()
    assert np.allclose(spread, second.std(axis=0), rtol=0.05)


def test_the_affine_part_has_the_moments_of_albumentations():
    mine = sample_matrices(rotate=15, shift=0.06, zoom=0.15, shear=6)
    transform = A.Affine(
        rotate=(-15, 15), translate_percent=(-0.06, 0.06), scale=(0.85, 1.15), shear=(-6, 6), p=1
    )
    data = {"shape": (HEIGHT, WIDTH)}
    theirs = [transform.get_params_dependent_on_data(data, {})["matrix"] for _ in range(SAMPLES)]
    assert_same_moments(np.stack(theirs), mine)


def test_the_perspective_has_the_moments_of_albumentations():
    random = Random(0)
    mine = [
        sample_matrix(strength(perspective=0.06), HEIGHT, WIDTH, random) for _ in range(2 * SAMPLES)
    ]
    tilted = [matrix for matrix in mine if matrix is not None]
    # one half is tilted; the standard error of 40,000 is .0025
    assert abs(len(tilted) / len(mine) - 0.5) < 0.01
    transform, theirs = A.Perspective(scale=(0.0, 0.06)), []
    for _ in range(SAMPLES):
        sampled = transform.get_params_dependent_on_data({"shape": (HEIGHT, WIDTH)}, {})
        fit = np.diag([WIDTH / sampled["max_width"], HEIGHT / sampled["max_height"], 1])
        theirs.append(fit @ sampled["matrix"])
    assert_same_moments(np.stack(theirs), np.stack(tilted))


def test_no_strength_gives_no_matrix():
    assert sample_matrix(strength(), HEIGHT, WIDTH, Random(0)) is None


def test_a_shift_and_a_mirror_image_by_hand():
    crop = np.zeros((4, 6, 4), np.uint8)
    crop[:, 1] = 200
    shift = np.array([[1.0, 0, 2], [0, 1, 0], [0, 0, 1]])
    assert np.flatnonzero(warp(crop, shift, flipped=False)[0, :, 0]).tolist() == [3]
    # mirrored first: column 1 becomes 4, then 6 lies outside and 4 + 1 inside
    half = np.array([[1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
    assert np.flatnonzero(warp(crop, half, flipped=True)[0, :, 0]).tolist() == [5]
    assert np.flatnonzero(warp(crop, None, flipped=True)[0, :, 0]).tolist() == [4]


def test_outside_the_crop_its_border_is_repeated():
    crop = np.full((4, 6, 4), 7, np.uint8)
    tilt = np.array([[0.5, 0, 1], [0, 0.5, 1], [0.01, 0, 1]])
    assert (warp(crop, tilt, flipped=False) == 7).all()


@pytest.mark.parametrize("name", ["rotate", "shift", "zoom", "shear"])
def test_each_strength_bounds_its_part(name):
    """At full strength: 10 degrees, 10 %, 10 %, 10 degrees."""
    value = {"rotate": 10, "shift": 0.1, "zoom": 0.1, "shear": 10}[name]
    matrices = sample_matrices(**{name: value})
    if name == "rotate":
        angles = np.degrees(np.arctan2(matrices[:, 0, 1], matrices[:, 0, 0]))
        assert 9.9 < np.abs(angles).max() <= 10
    if name == "shift":
        assert np.abs(matrices[:, 0, 2]).max() == 5 and np.abs(matrices[:, 1, 2]).max() == 2
    if name == "zoom":
        assert np.allclose(np.abs(matrices[:, 0, 0] - 1).max(), 0.1, atol=1e-3)
    if name == "shear":
        angles = np.degrees(np.arctan(matrices[:, 0, 1]))
        assert 9.9 < np.abs(angles).max() <= 10
