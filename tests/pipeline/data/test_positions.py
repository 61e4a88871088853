"""Places by their positions, compared with scikit-learn's clusters."""

import numpy as np
import pytest
from sklearn.cluster import DBSCAN

from pipeline.data.positions import EARTH, number_places


def cluster(degrees: np.ndarray, metres: float) -> np.ndarray:
    slow = DBSCAN(metres / EARTH, min_samples=1, metric="haversine", algorithm="ball_tree")
    return slow.fit_predict(np.radians(degrees))


def is_same_partition(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two numberings tell the same apart."""
    pairs = np.unique(np.column_stack([first, second]), axis=0)
    return len(pairs) == len(np.unique(first)) == len(np.unique(second))


@pytest.mark.parametrize("middle", [(-33.5, 18.2), (0.0, 180.0), (89.9, 10.0), (51.5, 0.0)])
@pytest.mark.parametrize("metres", [30.0, 300.0, 3000.0])
def test_places_are_the_clusters_of_scikit_learn(middle, metres):
    rng = np.random.default_rng(0)
    degrees = np.array(middle) + rng.normal(0, 0.02, (400, 2))
    degrees[:, 0] = degrees[:, 0].clip(-90, 90)
    degrees[:, 1] = (degrees[:, 1] + 180) % 360 - 180
    expected = cluster(degrees, metres)
    assert 1 < len(np.unique(expected)) < 400 or metres > 300
    assert is_same_partition(number_places(degrees, metres), expected)


def test_a_degree_of_latitude_is_111_195_metres():
    apart = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
    assert number_places(apart, 111_196).tolist() == [0, 0, 1]
    assert number_places(apart, 111_194).tolist() == [0, 1, 2]


def test_one_position_and_opposite_ones():
    assert number_places(np.array([[1.0, 2.0]]), 5.0).tolist() == [0]
    both = np.array([[90.0, 0.0], [-90.0, 0.0], [90.0, 0.0]])
    assert number_places(both, 20_015_000).tolist() == [1, 0, 1]  # half the way around is 15,115 m
    assert len(set(number_places(both, 20_016_000).tolist())) == 1


def test_thousands_at_one_place_need_no_table_of_their_pairs():
    rng = np.random.default_rng(0)
    degrees = np.array([-33.5, 18.2]) + rng.normal(0, 0.0005, (30_000, 2))
    assert number_places(degrees, 500.0).max() == 0
