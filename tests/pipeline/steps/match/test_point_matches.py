"""Mutual matches of descriptors, by hand and against every distance."""

import numpy as np
import pytest

from pipeline.steps.match.index import LEVELS
from pipeline.steps.match.point_matches import match_mutually, measure_matches


def match(first: np.ndarray, second: np.ndarray, ratio: float) -> list[list[int]]:
    """The rows of the matches with a single photograph."""
    return match_mutually(first, [second], ratio)[0].rows.tolist()


def unit(*angles: float) -> np.ndarray:
    """Directions in the plane as stored descriptors of length 255, in bytes."""
    radians = np.radians(angles)
    return np.rint(255 * np.column_stack([np.cos(radians), np.sin(radians)])).astype(np.uint8)


def descriptors(count: int, seed: int) -> np.ndarray:
    """Random ones, some of them equal, near each other."""
    drawn = np.random.default_rng(seed).integers(0, 4, (count, 16), dtype=np.uint8)
    return np.concatenate([drawn, drawn[: count // 5]])


def naive_matches(first: np.ndarray, second: np.ndarray, ratio: float) -> list[tuple]:
    """Row, row, distance and ratio of every match: all distances, one after another."""
    squares = [[int(((a - b) ** 2).sum()) for b in second.astype(int)] for a in first.astype(int)]
    found, taken = [], set()
    for i, to_second in enumerate(squares):
        j = int(np.argmin(to_second))
        next_best = sorted(to_second)[1] ** 0.5
        mutual = to_second[j] == min(row[j] for row in squares)
        first_of_equals = mutual and j not in taken
        taken |= {j} if mutual else set()
        if first_of_equals and to_second[j] ** 0.5 < ratio * next_best:
            found.append((i, j, to_second[j] ** 0.5 / LEVELS, to_second[j] ** 0.5 / next_best))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_matches_equal_a_naive_search_for_several_photographs_at_once(seed):
    first, others = descriptors(40, seed), [descriptors(30, seed + 10), descriptors(50, seed + 20)]
    counts = []
    for other, found in zip(others, match_mutually(first, others, 0.95), strict=True):
        expected = naive_matches(first, other, 0.95)
        assert found.rows.tolist() == [[i, j] for i, j, _, _ in expected]
        assert found.distances == pytest.approx([row[2] for row in expected], rel=1e-5)
        assert found.ratios == pytest.approx([row[3] for row in expected], rel=1e-5)
        counts.append(len(expected))
    assert min(counts) > 1


def test_matches_are_mutual_and_pass_the_ratio_test():
    first = np.zeros((3, 128), np.uint8)
    first[0, 0], first[1, 1], first[2, :2] = 255, 255, [180, 181]
    second = np.zeros((2, 128), np.uint8)
    second[0, 0], second[1, 1] = 255, 255
    # the third's nearest is second[1], whose own nearest is first[1]
    assert match(first, second, 0.9) == [[0, 0], [1, 1]]
    between = np.zeros((1, 128), np.uint8)
    between[0, :2] = [181, 180]
    assert not match(between, second, 0.9)
    assert match(between, second, 1.0) == [[0, 0]]


@pytest.mark.parametrize(("first", "second"), [(0, 5), (5, 0), (5, 1)])
def test_too_few_descriptors_do_not_match(first, second):
    both = descriptors(5, 0)[:first], descriptors(5, 1)[:second]
    (found,) = match_mutually(both[0], [both[1]], 1.0)
    assert found.rows.shape == (0, 2) and len(found.distances) == len(found.ratios) == 0
    assert match_mutually(both[0], [], 1.0) == []


def test_of_equal_descriptors_the_first_one_matches():
    assert match(unit(0, 0, 90), unit(2, 80), 1.0) == [[0, 0], [2, 1]]


def test_distance_and_ratio_by_hand():
    """0 degrees against 60 (its match) and 90: the chords are 1 and the square root of 2."""
    found = measure_matches(unit(0), unit(60, 90), np.array([[0, 0]]))
    assert found.distances == pytest.approx([1], abs=0.01)
    assert found.ratios == pytest.approx([1 / np.sqrt(2)], abs=0.01)


def test_a_match_that_is_not_the_nearest_has_ratio_1():
    assert measure_matches(unit(0), unit(60, 10), np.array([[0, 0]])).ratios == [1]


def test_a_photograph_with_one_point_has_ratio_1():
    found = measure_matches(unit(0, 0), unit(60), np.array([[0, 0], [1, 0]]))
    assert found.distances == pytest.approx([1, 1], abs=0.01) and found.ratios.tolist() == [1, 1]


def test_one_of_two_equal_points_has_ratio_1():
    assert measure_matches(unit(90), unit(90, 90), np.array([[0, 0]])).ratios == [1]


def test_measured_matches_are_as_those_that_were_found():
    first, second = descriptors(40, 1), descriptors(30, 2)
    (found,) = match_mutually(first, [second], 0.95)
    measured = measure_matches(first, second, found.rows)
    assert measured.distances.tolist() == found.distances.tolist()
    assert measured.ratios.tolist() == found.ratios.tolist()
