"""RootSIFT."""

import cv2
import numpy as np
import pytest

from pipeline import params
from pipeline.steps.keypoints import sift
from pipeline.steps.keypoints.whitening import load_map
from tests.conftest import ROOT

SETTINGS = params.load(ROOT / "tests/params.yaml").keypoints.model_copy(
    update={"size": 128, "count": 100, "contrast": 0.01, "upright": False, "whiten": False}
)
UPRIGHT = SETTINGS.model_copy(update={"upright": True})


@pytest.fixture(scope="module")
def blobs() -> np.ndarray:
    rng = np.random.default_rng(0)
    grey = np.full((120, 160), 90, np.uint8)
    for x, y, r, value in zip(
        rng.integers(15, 145, 40),
        rng.integers(15, 105, 40),
        rng.integers(2, 7, 40),
        rng.integers(0, 255, 40),
        strict=True,
    ):
        cv2.circle(grey, (int(x), int(y)), int(r), int(value), -1, cv2.LINE_AA)
    return grey


def detect(grey, mask, settings):
    """In one region: a mask, or None for all of the canvas."""
    mask = np.ones_like(grey) if mask is None else mask
    (found,) = sift.detect(grey, [(mask, settings.count)], settings)
    return found


def test_root_sift_descriptors_are_square_roots_of_fractions():
    counts = np.zeros((2, 128), np.float32)
    counts[0, :4] = [1, 3, 4, 8]  # fractions 1/16, 3/16, 1/4, 1/2
    root_sift = sift.to_root_sift(counts)
    assert root_sift.dtype == np.uint8
    assert root_sift[0, :4].tolist() == [64, 110, 128, 180]  # 255 x .25, .433, .5, .7071
    assert not root_sift[1].any() and not root_sift[0, 4:].any()


def test_root_sift_descriptors_have_the_same_length(blobs):
    _, descriptors = detect(blobs, None, SETTINGS)
    lengths = np.linalg.norm(descriptors.astype(float), axis=1)
    np.testing.assert_allclose(lengths, 255, rtol=0.01)


def test_count_limits_the_points_to_the_strongest(blobs):
    few = SETTINGS.model_copy(update={"count": 7})
    points, descriptors = detect(blobs, None, few)
    assert points.shape == (7, 2) and descriptors.shape == (7, 128)
    everything, _ = detect(blobs, None, SETTINGS)
    assert len(everything) > 20 and {tuple(p) for p in points} <= {tuple(p) for p in everything}


def test_points_lie_inside_the_mask(blobs):
    mask = np.zeros_like(blobs)
    mask[:, :80] = 255
    points, _ = detect(blobs, mask, SETTINGS)
    assert len(points) and (points[:, 0] < 80.5).all()


@pytest.mark.parametrize("settings", [SETTINGS, UPRIGHT])
def test_a_blank_image_has_no_points(settings):
    points, descriptors = detect(np.full((40, 40), 90, np.uint8), None, settings)
    assert points.shape == (0, 2) and descriptors.shape == (0, 128)


def test_upright_points_are_unique_per_location(blobs):
    points, _ = detect(blobs, None, UPRIGHT)
    assert len(np.unique(points, axis=0)) == len(points)


def matching_fraction(first: np.ndarray, second: np.ndarray, settings) -> float:
    """Fraction of the first image's features with a nearly equal one in the second."""
    _, a = detect(first, None, settings)
    _, b = detect(second, None, settings)
    similarity = a.astype(float) @ b.astype(float).T / 255**2
    return (similarity.max(axis=1) > 0.97).mean()


def test_features_match_after_a_quarter_turn_unless_upright(blobs):
    turned = np.ascontiguousarray(np.rot90(blobs))
    assert matching_fraction(blobs, turned, SETTINGS) > 0.6
    assert matching_fraction(blobs, turned, UPRIGHT) < 0.3


def test_a_wider_patch_sees_what_is_farther_from_the_same_points(blobs):
    """A bright column at the right changes fewer narrow descriptors than wide ones."""
    other = blobs.copy()
    mask = np.zeros_like(blobs)
    mask[:, :80] = 255
    other[:, 100:] = 255 - other[:, 100:]
    changed = []
    for patch in (1.0, 3.0):
        settings = UPRIGHT.model_copy(update={"patch": patch})
        (points, before), (same, after) = (detect(grey, mask, settings) for grey in (blobs, other))
        both = [
            (a, b)
            for a, p in zip(before, points, strict=True)
            for b, q in zip(after, same, strict=True)
            if np.array_equal(p, q)
        ]
        assert len(both) > 5
        changed.append(np.mean([not np.array_equal(a, b) for a, b in both]))
    assert changed[1] > changed[0]


@pytest.mark.parametrize("settings", [SETTINGS, UPRIGHT, UPRIGHT.model_copy(update={"patch": 1.5})])
def test_two_regions_at_once_are_those_of_opencv_one_by_one(blobs, settings):
    """OpenCV's own mask, and its own descriptors of one region's points."""
    left = np.zeros_like(blobs)
    left[:, :80] = 255
    found = sift.detect(blobs, [(left, 9), (255 - left, 12), (0 * left, 5)], settings)
    assert [len(points) for points, _ in found] == [9, 12, 0]
    for (points, descriptors), mask in zip(found[:2], (left, 255 - left), strict=True):
        opencv = cv2.SIFT.create(contrastThreshold=settings.contrast)
        expected = opencv.detect(blobs, mask)
        expected = sift.make_upright(expected) if settings.upright else expected
        expected = sorted(expected, key=lambda point: (-point.response, point.pt))
        for point in expected:
            point.size *= settings.patch
        expected, vectors = opencv.compute(blobs, expected[: len(points)])
        assert [point.pt for point in expected] == [tuple(point) for point in points.tolist()]
        assert np.array_equal(sift.to_root_sift(vectors), descriptors)


def test_whitened_descriptors_are_those_of_root_sift_mapped(blobs):
    points, descriptors = detect(blobs, None, SETTINGS)
    same, whitened = detect(blobs, None, SETTINGS.model_copy(update={"whiten": True}))
    np.testing.assert_array_equal(points, same)
    np.testing.assert_array_equal(whitened, load_map().map_descriptors(descriptors))
    assert whitened.dtype == np.uint8 and not np.array_equal(whitened, descriptors)
