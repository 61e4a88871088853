"""Integral curvature has the values of plane geometry, and windows tell individuals apart."""

import numpy as np
import pytest

from pipeline.data.features import EDGE_NUMBERS
from pipeline.steps.keypoints import edge_windows, keypoints
from pipeline.steps.keypoints.trailing_edge import ABOVE, MARGIN, SPAN
from tests.pipeline.steps.keypoints import fluke


def corner(height: float) -> np.ndarray:
    """An edge that rises by `height` to its middle and falls again; negative: a notch."""
    x = np.linspace(0, 1, 257)
    y = ABOVE - height * (1 - np.abs(2 * x - 1))
    return np.stack([MARGIN + SPAN * x, y], axis=1)


@pytest.mark.parametrize(
    ("height", "fraction"),
    [(0.0, 0.5), (0.75 * ABOVE, 0.33), (-0.75 * ABOVE, 0.67)],
)
def test_curvature_is_the_angle_below_the_edge(height, fraction):
    expected = 0.5 - np.arctan(height / (SPAN / 2)) / np.pi  # of the disc around the corner
    assert expected == pytest.approx(fraction, abs=0.01)
    found = edge_windows.measure_curvature(corner(height))
    np.testing.assert_allclose(found[128], expected, atol=0.02)
    np.testing.assert_allclose(found[64], 0.5, atol=0.02)  # halfway up it is straight


def test_windows_have_one_size_and_know_their_place():
    found = edge_windows.describe(corner(50.0))
    assert found.shape == (53 + 41, EDGE_NUMBERS) and found.dtype == np.uint8
    places = found[:53, -1].astype(int)
    assert (np.diff(places) > 0).all() and places[26] == pytest.approx(127, abs=1)


def test_a_straight_edge_has_windows_without_contrast():
    found = edge_windows.cut_windows(np.full((256, 4), 0.5), 96)
    assert np.isin(found[:, :64], (127, 128)).all()


def test_a_tilted_fluke_is_nearer_to_itself_than_to_others():
    def describe(degrees: float, individual: int) -> np.ndarray:
        return keypoints.describe_edge(
            *(lambda photograph, mask: (photograph, np.eye(2, 3), mask))(
                *fluke.draw(degrees, individual)
            )
        ).astype(float)

    stored = [describe(0, individual) for individual in range(4)]
    for individual in range(4):
        query = describe(15, individual)
        distances = [np.abs(query - other).mean() for other in stored]
        assert np.argmin(distances) == individual
