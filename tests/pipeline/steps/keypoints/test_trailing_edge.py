"""The trailing edge is found in masks that are coarse or tilted, and only where there is one."""

from itertools import product

import cv2
import numpy as np
import pytest

from pipeline.steps.keypoints import trailing_edge
from tests.pipeline.steps.keypoints import fluke

TO_CROP = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]])  # a crop has half the pixels


def trace(degrees: float = 0.0, coarse: int = 1) -> np.ndarray | None:
    """Trace the drawn fluke, tilted, by a mask that is dilated by `coarse` crop pixels."""
    photograph, mask = fluke.draw(degrees)
    small = cv2.resize(mask, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    kernel = np.ones((2 * coarse + 1,) * 2, np.uint8)
    return trailing_edge.trace(photograph, TO_CROP, cv2.dilate(small, kernel))


@pytest.mark.parametrize("degrees", [0, 25, -25])
def test_the_edge_is_where_the_contrast_is_whatever_the_tilt(degrees):
    found = trace(degrees, coarse=2)
    truth = fluke.normalised_edge()
    distances = np.hypot(*(found[:, None] - truth[None]).T).min(axis=0)
    inner = distances[10:-10]  # the tips of a dilated mask lie further out
    assert np.median(inner) < 4 and found[0, 0] < 60 and found[-1, 0] > 420
    middle = found[np.abs(found[:, 0] - 240) < 20, 1]
    assert middle.max() > found[60:130, 1].min() + 20  # the notch


def test_no_edge_without_a_fluke():
    photograph, mask = fluke.draw(0)
    for other in (np.zeros_like(mask), np.full_like(mask, 255)):
        assert trailing_edge.trace(photograph, np.eye(2, 3), other) is None
    speck = np.zeros_like(mask)
    speck[50:55, 50:60] = 255
    assert trailing_edge.trace(photograph, np.eye(2, 3), speck) is None


def test_tips_are_the_points_furthest_apart():
    points = np.array([[9, 1], [4, 7], [0, 2], [5, 3]])
    assert trailing_edge.find_tips(points).tolist() == [[0, 2], [9, 1]]


def test_the_path_is_the_cheapest_of_all():
    rng = np.random.default_rng(0)
    cost = rng.random((5, 4))

    def total(path: tuple[int, ...]) -> float:
        turns = np.abs(np.diff(path))
        if turns.max() > 2:
            return np.inf
        return cost[range(5), path].sum() + trailing_edge.TURN_COST * turns.sum()

    best = min(product(range(4), repeat=5), key=total)
    assert trailing_edge.find_path(cost).tolist() == list(best)
