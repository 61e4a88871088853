"""Vectors pulled towards their neighbours, by hand."""

import numpy as np
import pytest

from pipeline.steps.neighbours import expansion

GALLERY = np.array([[0.6, 0.8], [0, 1], [-1, 0]], np.float32)
QUERY = np.array([[1, 0]], np.float32)


def expand(rows: list[int], cosines: list[float], power: float) -> np.ndarray:
    return expansion.expand(QUERY, GALLERY, np.array([rows]), np.array([cosines]), power)[0]


@pytest.mark.parametrize("power", [0.0, 1.0, 3.0])
def test_one_neighbour_by_hand(power):
    expected = np.array([1, 0]) + 0.6**power * GALLERY[0]
    assert expand([0], [0.6], power) == pytest.approx(expected / np.linalg.norm(expected))


def test_no_neighbour_and_an_opposite_one_have_no_weight():
    assert expand([-1, 2], [0.0, -1.0], 3.0) == pytest.approx([1, 0])
    assert expand([-1], [-1.0], 0.0) == pytest.approx([1, 0])


def test_vectors_stay_unit_vectors_of_their_type():
    vector = expand([0, 1], [0.6, 0.0], 1.0)
    assert np.linalg.norm(vector) == pytest.approx(1) and vector.dtype == np.float32
