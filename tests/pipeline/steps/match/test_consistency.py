"""The support of votes, by hand and against a naive sum over pairs."""

import numpy as np
import pytest

from pipeline.steps.match import consistency
from pipeline.steps.match.consistency import ENOUGH, SLACK, STRETCH, measure_support


def naive_support(weights, images, places, matched) -> np.ndarray:
    """Every vote against every other one."""
    found = np.zeros(weights.shape)
    mean = weights[weights > 0].mean()
    for one in np.argwhere(weights > 0).tolist():
        total = 0.0
        for other in np.argwhere(weights > 0).tolist():
            (i, a), (j, b) = one, other
            if i == j or images[i, a] != images[j, b]:
                continue
            tolerance = SLACK + STRETCH * np.linalg.norm(places[i] - places[j])
            moved = matched[i, a] - places[i], matched[j, b] - places[j]
            error = np.linalg.norm(moved[0] - moved[1]) / tolerance
            total += weights[j, b] * np.exp(-(error**2) / 2)
        found[tuple(one)] = min(total / (ENOUGH * mean), 1)
    return found


def test_support_equals_a_naive_sum():
    rng = np.random.default_rng(0)
    weights = rng.uniform(0, 1, (30, 4)) * (rng.uniform(0, 1, (30, 4)) > 0.3)
    images = rng.integers(0, 5, (30, 4))
    places = rng.uniform(0, 1, (30, 2))
    # of photograph 2, most features are displaced alike
    matched = rng.uniform(0, 1, (30, 4, 2))
    shifted = places[:, None] + [0.1, -0.05] + rng.normal(0, 0.01, (30, 4, 2))
    matched = np.where((images == 2)[..., None], shifted, matched)
    found = measure_support(weights, images, places, matched)
    expected = naive_support(weights, images, places, matched)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found[images == 2].max() == 1 and 0 < np.median(found[images != 2]) < 0.5


def test_three_votes_that_move_alike_and_one_that_does_not():
    """Each of three is supported by two: 2 of ENOUGH mean votes."""
    places = np.array([[0.2, 0.2], [0.5, 0.2], [0.2, 0.6], [0.8, 0.8]])
    matched = places[:, None] + 0.1
    matched[3] = [0.0, 0.0]
    weights, images = np.full((4, 1), 0.3), np.zeros((4, 1), int)
    found = measure_support(weights, images, places, matched).ravel()
    np.testing.assert_allclose(found[:3], 2 / ENOUGH, rtol=0.05)
    assert found[3] < 1e-3


def test_a_feature_does_not_support_itself_nor_votes_for_another_photograph():
    places, weights = np.full((1, 2), 0.5), np.full((1, 2), 0.3)
    matched = np.full((1, 2, 2), 0.5)
    assert not measure_support(weights, np.array([[3, 3]]), places, matched).any()
    two = np.repeat(places, 2, axis=0)
    assert not measure_support(
        np.full((2, 1), 0.3), np.array([[3], [4]]), two, np.full((2, 1, 2), 0.5)
    ).any()


@pytest.mark.parametrize("shape", [(0, 5), (3, 5)])
def test_without_votes_there_is_no_support(shape):
    nothing = np.zeros(shape)
    found = measure_support(
        nothing, np.zeros(shape, int), np.zeros((shape[0], 2)), np.zeros((*shape, 2))
    )
    assert found.shape == shape and not found.any()


def test_votes_of_a_photograph_are_paired_with_its_strongest_ones(monkeypatch):
    one, other = consistency.pair_votes(np.array([4, 4, 7]))
    assert one.tolist() == [0, 0, 1, 1, 2] and other.tolist() == [0, 1, 0, 1, 2]
    monkeypatch.setattr(consistency, "SUPPORTERS", 1)
    one, other = consistency.pair_votes(np.array([4, 4, 7]))
    assert one.tolist() == [0, 1, 2] and other.tolist() == [0, 0, 2]
