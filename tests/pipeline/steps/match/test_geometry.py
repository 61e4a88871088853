"""Matches that fit one transform."""

import numpy as np
import pytest

from pipeline import params
from pipeline.steps.match import geometry
from pipeline.steps.match.point_matches import match_mutually
from tests.conftest import ROOT

SECTION = params.load(ROOT / "tests/params.yaml").match


def photograph(count: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points on a canvas of 200 x 100 and a descriptor of length 255 each."""
    rng = np.random.default_rng(seed)
    points = rng.random((count, 2)).astype(np.float32) * [200, 100]
    weights = rng.random((count, 128)) ** 4
    root_sift = 255 * np.sqrt(weights / weights.sum(axis=1, keepdims=True))
    return points.astype(np.float32), np.rint(root_sift).astype(np.uint8)


def match_and_verify(
    first: tuple, second: tuple, longer_sides=(200.0, 200.0), **changes
) -> geometry.PairMatches:
    section = SECTION.model_copy(update=changes)
    points, descriptors = zip(first, second, strict=True)
    (matches,) = match_mutually(descriptors[0], descriptors[1:], section.ratio)
    return geometry.verify_matches(points, matches, longer_sides, section)


TRANSFORMS = {
    "shift": np.array([[1, 0], [0, 1]]),
    "turned and enlarged": 1.5 * np.array([[0.8, -0.6], [0.6, 0.8]]),
    "sheared": np.array([[1, 0.4], [0, 0.9]]),
}


@pytest.mark.parametrize("model", ["affine", "homography"])
@pytest.mark.parametrize("linear", TRANSFORMS.values(), ids=TRANSFORMS)
def test_points_of_one_animal_fit_one_transform_and_outliers_do_not(model, linear):
    points, descriptors = photograph()
    moved = points @ linear.T + [12, -5]
    moved[:10] = np.random.default_rng(1).random((10, 2)) * [200, 100]  # a quarter are outliers
    found = match_and_verify(
        (points, descriptors), (moved.astype(np.float32), descriptors), model=model
    )
    assert len(found.rows) == 40 and (found.rows[:, 0] == found.rows[:, 1]).all()
    assert found.inlier[10:].all() and found.inlier[:10].sum() <= 2
    assert found.ratio == pytest.approx(found.inliers / 40)


def test_an_animal_photographed_from_afar_matches_one_from_nearby():
    points, descriptors = photograph()
    far = (points / 4, descriptors)
    assert match_and_verify(far, (points, descriptors)).inliers == 0
    assert match_and_verify(far, (points, descriptors), longer_sides=(50.0, 200.0)).inliers == 40


def test_matches_at_unrelated_places_do_not_fit():
    points, descriptors = photograph()
    shuffled = np.random.default_rng(2).permutation(points)
    assert match_and_verify((points, descriptors), (shuffled, descriptors)).inliers <= 8


def test_a_mirror_image_does_not_fit():
    points, descriptors = photograph()
    mirrored = points * [-1, 1] + [200, 0]
    assert (
        match_and_verify((points, descriptors), (mirrored.astype(np.float32), descriptors)).inliers
        == 0
    )


@pytest.mark.parametrize("linear", [np.diag([1.0, 0.2]), np.diag([3.0, 3.0])])
def test_a_strongly_squeezed_or_enlarged_animal_is_not_plausible(linear):
    assert not geometry.is_plausible(linear)
    assert geometry.is_plausible(np.diag([2.0, 0.5]))


def test_plausible_maps_have_singular_values_within_the_bounds():
    maps = np.random.default_rng(0).normal(0, 1.5, (500, 2, 2))
    stretches = np.linalg.svd(maps, compute_uv=False)
    within = (stretches < geometry.MAX_STRETCH) & (stretches > geometry.MIN_STRETCH)
    expected = within.all(axis=1) & (np.linalg.det(maps) > 0)
    assert 20 < expected.sum() < 300
    assert [geometry.is_plausible(linear) for linear in maps] == expected.tolist()


@pytest.mark.parametrize("counts", [(0, 5), (5, 0), (5, 1), (3, 3)])
def test_too_few_features_do_not_match(counts):
    first, second = (photograph(count, seed) for seed, count in enumerate(counts))
    found = match_and_verify(first, second)
    assert found.inliers == 0 and found.ratio == 0


def test_coverage_is_the_fraction_inside_the_hull():
    corners = np.array([[0, 0], [100, 0], [100, 50], [0, 50], [50, 25]])
    assert geometry.hull_coverage(corners, 200, 100) == pytest.approx(0.25)
    assert geometry.hull_coverage(corners[:2], 200, 100) == 0


def background(
    points: np.ndarray, moved: np.ndarray, around: np.ndarray, around_moved: np.ndarray
) -> np.ndarray:
    """Which matches of `points` and `moved` move as those around do; all match by row."""
    pairs, around_pairs = (np.column_stack([np.arange(len(p))] * 2) for p in (points, around))
    both, surroundings = (points, moved), (around, around_moved)
    return geometry.find_background(
        both, pairs, surroundings, around_pairs, (200.0, 200.0), SECTION
    )


def test_matches_that_move_with_the_surroundings_are_background():
    """The camera turned by 30 pixels; three points belong to an animal that walked on."""
    points, around = photograph(12)[0], photograph(20, seed=5)[0]
    moved = points + [30, 0]
    moved[[2, 7, 9]] += [0, 40]
    found = background(points, moved.astype(np.float32), around, around + np.float32([30, 0]))
    assert np.flatnonzero(~found).tolist() == [2, 7, 9]


def test_different_or_few_surroundings_give_no_background():
    points, around = photograph(12)[0], photograph(20, seed=5)[0]
    elsewhere = np.random.default_rng(2).permutation(around)
    assert not background(points, points, around, elsewhere).any()
    few = around[: geometry.MIN_BACKGROUND - 1]
    assert not background(points, points, few, few).any()
    assert not background(points, points, around[:0], around[:0]).any()


def test_no_match_gives_no_background():
    around = photograph(20, seed=5)[0]
    assert background(around[:0], around[:0], around, around).shape == (0,)
