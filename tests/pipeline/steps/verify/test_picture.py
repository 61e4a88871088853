"""The picture of matched points: who is where, and that fitting matches lie on top."""

import numpy as np
import pytest

from pipeline.steps.verify import picture

VIEWS = np.full((30, 40, 3), 10, np.uint8), np.full((20, 50, 3), 90, np.uint8)


def green(shown: np.ndarray) -> np.ndarray:
    """Where a fitting match is drawn; lines are smoothed."""
    return shown[..., 1].astype(int) - shown[..., 0] > 80


@pytest.mark.parametrize("count", [0, 1])
def test_both_views_stand_side_by_side(count):
    points = tuple(np.full((count, 2), 15.0) for _ in VIEWS)
    shown = picture.joined(VIEWS, points, np.ones(count, bool))
    assert shown.shape == (30, 40 + picture.GAP + 50, 3)
    assert (shown[0, 0] == 10).all() and (shown[0, -1] == 90).all() and (shown[-1, -1] == 255).all()
    assert green(shown).any() == bool(count)


def test_a_match_that_fits_is_drawn_over_one_that_does_not():
    points = tuple(np.array([[5.0, 10], [5, 10]]) for _ in VIEWS)
    for inlier in ([True, False], [False, True]):
        shown = picture.joined(VIEWS, points, np.array(inlier))
        assert green(shown)[10, 30]
