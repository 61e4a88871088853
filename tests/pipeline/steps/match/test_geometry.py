"""Matched points and the map that they fit."""

import numpy as np
import pytest

from pipeline import params
from pipeline.steps.match import geometry
from tests.conftest import ROOT

SECTION = params.load(ROOT / "tests/params.yaml").match


def photograph(count: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points on a canvas of 200 x 100 and a descriptor of length 255 each."""
    rng = np.random.default_rng(seed)
    points = rng.random((count, 2)).astype(np.float32) * [200, 100]
    shares = rng.random((count, 128)) ** 4
    rooted = 255 * np.sqrt(shares / shares.sum(axis=1, keepdims=True))
    return points.astype(np.float32), np.rint(rooted).astype(np.uint8)


def seen(first: tuple, second: tuple, sides=(200.0, 200.0), **changes) -> geometry.Agreement:
    section = SECTION.model_copy(update=changes)
    points, descriptors = zip(first, second, strict=True)
    pairs = geometry.mutual(*descriptors, section.ratio)
    return geometry.agreement(points, pairs, sides, section)


MAPS = {
    "shift": np.array([[1, 0], [0, 1]]),
    "turned and enlarged": 1.5 * np.array([[0.8, -0.6], [0.6, 0.8]]),
    "sheared": np.array([[1, 0.4], [0, 0.9]]),
}


@pytest.mark.parametrize("model", ["affine", "homography"])
@pytest.mark.parametrize("linear", MAPS.values(), ids=MAPS)
def test_the_points_of_one_animal_fit_one_map_and_strays_do_not(model, linear):
    points, descriptors = photograph()
    moved = points @ linear.T + [12, -5]
    moved[:10] = np.random.default_rng(1).random((10, 2)) * [200, 100]  # a quarter strays
    found = seen((points, descriptors), (moved.astype(np.float32), descriptors), model=model)
    assert len(found.pairs) == 40 and (found.pairs[:, 0] == found.pairs[:, 1]).all()
    assert found.inlier[10:].all() and found.inlier[:10].sum() <= 2
    assert found.ratio == pytest.approx(found.inliers / 40)


def test_an_animal_from_far_off_is_as_large_as_one_from_near():
    points, descriptors = photograph()
    far = (points / 4, descriptors)
    assert seen(far, (points, descriptors)).inliers == 0
    assert seen(far, (points, descriptors), sides=(50.0, 200.0)).inliers == 40


def test_matches_whose_places_have_nothing_in_common():
    points, descriptors = photograph()
    shuffled = np.random.default_rng(2).permutation(points)
    assert seen((points, descriptors), (shuffled, descriptors)).inliers <= 8


def test_a_mirror_image_is_another_flank():
    points, descriptors = photograph()
    mirrored = points * [-1, 1] + [200, 0]
    assert seen((points, descriptors), (mirrored.astype(np.float32), descriptors)).inliers == 0


@pytest.mark.parametrize("linear", [np.diag([1.0, 0.2]), np.diag([3.0, 3.0])])
def test_no_animal_is_squeezed_or_enlarged_like_that(linear):
    assert not geometry.plausible(linear)
    assert geometry.plausible(np.diag([2.0, 0.5]))


def test_matches_must_be_mutual_and_clear():
    first = np.zeros((3, 128), np.uint8)
    first[0, 0], first[1, 1], first[2, :2] = 255, 255, [180, 181]
    second = np.zeros((2, 128), np.uint8)
    second[0, 0], second[1, 1] = 255, 255
    # the third's nearest is second[1], whose own nearest is first[1]
    assert geometry.mutual(first, second, 0.9).tolist() == [[0, 0], [1, 1]]
    between = np.zeros((1, 128), np.uint8)
    between[0, :2] = [181, 180]
    assert len(geometry.mutual(between, second, 0.9)) == 0
    assert geometry.mutual(between, second, 1.0).tolist() == [[0, 0]]


@pytest.mark.parametrize("counts", [(0, 5), (5, 0), (5, 1), (3, 3)])
def test_too_few_features_agree_on_nothing(counts):
    first, second = (photograph(count, seed) for seed, count in enumerate(counts))
    found = seen(first, second)
    assert found.inliers == 0 and found.ratio == 0


def test_coverage_is_the_hulls_share():
    corners = np.array([[0, 0], [100, 0], [100, 50], [0, 50], [50, 25]])
    assert geometry.coverage(corners, 200, 100) == pytest.approx(0.25)
    assert geometry.coverage(corners[:2], 200, 100) == 0


def shared(own: np.ndarray, gone: np.ndarray, around: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Which of the matches between `own` and `gone` move as `around` does; all match by row."""
    pairs, outer = (np.column_stack([np.arange(len(one))] * 2) for one in (own, around))
    two, surroundings = (own, gone), (around, moved)
    return geometry.with_background(two, pairs, surroundings, outer, (200.0, 200.0), SECTION)


def test_what_moves_with_the_surroundings_is_background():
    """The camera turned by 30 pixels; three points are an animal's, which walked on."""
    own, around = photograph(12)[0], photograph(20, seed=5)[0]
    gone = own + [30, 0]
    gone[[2, 7, 9]] += [0, 40]
    found = shared(own, gone.astype(np.float32), around, around + np.float32([30, 0]))
    assert np.flatnonzero(~found).tolist() == [2, 7, 9]


def test_surroundings_that_are_others_say_nothing():
    own, around = photograph(12)[0], photograph(20, seed=5)[0]
    elsewhere = np.random.default_rng(2).permutation(around)
    assert not shared(own, own, around, elsewhere).any()
    few = around[: geometry.SHARED - 1]
    assert not shared(own, own, few, few).any()
    assert not shared(own, own, around[:0], around[:0]).any()


def test_no_match_is_no_background():
    around = photograph(20, seed=5)[0]
    assert shared(around[:0], around[:0], around, around).shape == (0,)
