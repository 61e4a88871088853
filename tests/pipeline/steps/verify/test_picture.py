"""The picture of matches: the views side by side, inliers on top."""

import numpy as np
import pytest

from pipeline.steps.verify import picture

VIEWS = np.full((30, 40, 3), 10, np.uint8), np.full((20, 50, 3), 90, np.uint8)


def is_green(pixels: np.ndarray) -> np.ndarray:
    """Which pixels belong to an inlier's line; lines are antialiased."""
    return pixels[..., 1].astype(int) - pixels[..., 0] > 80


@pytest.mark.parametrize("count", [0, 1])
def test_both_views_are_side_by_side(count):
    points = tuple(np.full((count, 2), 15.0) for _ in VIEWS)
    drawn = picture.draw_matches(VIEWS, points, np.ones(count, bool))
    assert drawn.shape == (30, 40 + picture.GAP + 50, 3)
    assert (drawn[0, 0] == 10).all() and (drawn[0, -1] == 90).all() and (drawn[-1, -1] == 255).all()
    assert is_green(drawn).any() == bool(count)


def test_an_inlier_is_drawn_over_an_outlier():
    points = tuple(np.array([[5.0, 10], [5, 10]]) for _ in VIEWS)
    for inlier in ([True, False], [False, True]):
        drawn = picture.draw_matches(VIEWS, points, np.array(inlier))
        assert is_green(drawn)[10, 30]
