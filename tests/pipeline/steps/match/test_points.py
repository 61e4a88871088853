"""The description of inliers."""

import numpy as np

from pipeline.data.features import Features
from pipeline.steps.match.geometry import PairMatches
from pipeline.steps.match.point_matches import NO_MATCHES, measure_matches
from pipeline.steps.match.points import INLIER_COLUMNS, describe_inliers


def unit(*angles: float) -> np.ndarray:
    """Directions in the plane as stored descriptors of length 255, in bytes."""
    radians = np.radians(angles)
    return np.rint(255 * np.column_stack([np.cos(radians), np.sin(radians)])).astype(np.uint8)


def two_photographs() -> Features:
    """Three points on a canvas of 100 x 50, two on one of 40 x 40."""
    points = np.array([[10, 10], [50, 25], [90, 40], [4, 8], [20, 40]], np.float32)
    return Features(
        np.array(["a", "b"]),
        np.array([0, 3, 5]),
        np.array([3, 5]),
        points,
        unit(0, 30, 90, 30, 90),
        np.zeros((2, 2, 3)),
        np.array([[100, 50], [40, 40]]),
    )


def test_only_inliers_are_described_with_coordinates_as_fractions():
    photographs = two_photographs()
    first, second = (photographs.descriptors[photographs.rows(i)] for i in (0, 1))
    matches = measure_matches(first, second, np.array([[0, 1], [1, 0], [2, 1]]))
    matches = PairMatches(matches, np.array([False, True, True]))
    table = describe_inliers(photographs, (0, 1), matches)
    assert table.dtype == np.float32 and table.shape == (2, len(INLIER_COLUMNS))
    np.testing.assert_allclose(table[:, :5], [[1, 0.5, 0.5, 0.1, 0.2], [2, 0.9, 0.8, 0.5, 1.0]])
    np.testing.assert_allclose(table[:, 5:], 0, atol=1e-3)  # the very same descriptors


def test_no_inlier_gives_an_empty_table():
    none = PairMatches(NO_MATCHES, np.empty(0, bool))
    assert describe_inliers(two_photographs(), (0, 1), none).shape == (0, len(INLIER_COLUMNS))
