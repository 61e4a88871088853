"""Searches that go deeper than the photographs that are hidden from the query."""

import numpy as np
import pytest

from pipeline.steps.match.deep_search import search_allowed

POINTS = np.arange(100.0)  # the rows are in the order of their distance to 0


def search(descriptors, depth):
    """The nearest of POINTS, by brute force; notes how many features were searched how deep."""
    CALLS.append((len(descriptors), depth))
    distances = np.abs(descriptors - POINTS)
    rows = np.argsort(distances, axis=1, kind="stable")[:, :depth]
    return np.take_along_axis(distances, rows, axis=1), rows


CALLS: list[tuple[int, int]] = []


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


def find(hidden, wanted=3, depths=(4, 64), descriptors=((0.0,), (99.0,))):
    allowed = ~np.isin(np.arange(100), hidden)
    distances, rows = search_allowed(
        search, np.array(descriptors), lambda rows: allowed[rows], wanted, depths
    )
    kept = [row[(row >= 0) & allowed[row]][:wanted].tolist() for row in rows]
    assert all(np.isinf(distances[rows < 0]))
    return kept


def test_where_enough_is_found_nothing_is_searched_again():
    assert find([1]) == [[0, 2, 3], [99, 98, 97]]
    assert CALLS == [(2, 4)]


def test_a_feature_is_searched_until_enough_is_found():
    """The 30 nearest of the first feature are hidden, and none of the second's."""
    assert find(range(30)) == [[30, 31, 32], [99, 98, 97]]
    assert CALLS == [(2, 4), (1, 8), (1, 16), (1, 32), (1, 64)]


def test_the_search_ends_at_the_limit_and_with_the_index():
    assert find(range(30), depths=(4, 16)) == [[], [99, 98, 97]]
    assert find(range(99), depths=(4, 512)) == [[99], [99]]
    assert CALLS[-1] == (2, 128)  # of 100 rows


def test_no_features():
    assert find([1], descriptors=np.empty((0, 1))) == []


def test_an_index_without_features_is_not_asked_what_is_allowed():
    def find_nothing(descriptors, depth):
        return np.full((len(descriptors), 1), np.inf), np.full((len(descriptors), 1), -1)

    _, rows = search_allowed(
        find_nothing, np.ones((3, 1)), lambda rows: np.empty(0, bool)[rows], 3, (1, 64)
    )
    assert rows.tolist() == [[-1]] * 3
