"""Components of photographs that may share a cluster, against the clusters of all pairs."""

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation import components, partition
from pipeline.evaluation.components import find_components, renumber, split
from pipeline.evaluation.peers import PeerModel, PeerSet
from tests.pipeline.evaluation.test_peers import build_fold, build_peers, peers


def cluster_all_pairs(model: PeerModel, one: PeerSet, same=(), different=()) -> list[int]:
    """What `PeerModel.cluster` finds, from one table of all pairs."""
    odds = model.log_odds(one.tabulate(), len(one.images))
    return partition.partition(odds, [model.threshold], same, different)[0].tolist()


@pytest.mark.parametrize("seed", range(8))
def test_components_give_the_clusters_of_all_pairs(seed, monkeypatch):
    monkeypatch.setattr(components, "BLOCK", 7)
    model = peers.fit([build_fold(0), build_fold(1)])
    rng = np.random.default_rng(seed)
    names = [f"p{number}" for number in range(40)]
    matched = [
        (*rng.choice(names, 2, replace=False), float(inliers), inliers / 2)
        for inliers in rng.poisson(8, 60)
    ]
    one = build_peers({name: float(rng.uniform(0, 360)) for name in names}, *matched)
    for threshold in (-5.0, model.threshold, 1.0):
        other = PeerModel(model.model, model.prior, threshold)
        assert other.cluster(one).tolist() == cluster_all_pairs(other, one)
        same, different = [(0, 39), (39, 5)], [(0, 1), (5, 2)]
        named = [[(names[a], names[b]) for a, b in pairs] for pairs in (same, different)]
        assert other.cluster(one, *named).tolist() == cluster_all_pairs(other, one, same, different)


def similarity_alone(pairs: pd.DataFrame) -> np.ndarray:
    """Log-odds of 0 at a right angle, 10 for equal vectors."""
    return 10 * pairs["similarity"].to_numpy()


NO_PAIRS = pd.DataFrame({"first": [], "second": [], "similarity": []})
ANGLES = np.deg2rad([0, 90, 5, 88, 45])
VECTORS = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])


def test_similar_photographs_are_joined_without_a_match():
    assert find_components(VECTORS, NO_PAIRS, similarity_alone, 9.9).tolist() == [0, 1, 0, 1, 2]


def test_a_chain_of_decisions_joins():
    found = find_components(VECTORS, NO_PAIRS, similarity_alone, 11, [(0, 4), (4, 1)])
    assert found.tolist() == [0, 0, 1, 2, 0]


def test_if_similarity_tells_nothing_all_or_none_are_joined():
    for odds, expected in ((1.0, [0] * 5), (-1.0, [0, 1, 2, 3, 4])):
        found = find_components(VECTORS, NO_PAIRS, lambda pairs, o=odds: np.full(len(pairs), o), 0)
        assert found.tolist() == expected


def test_a_component_has_its_own_pairs_numbered_within_it():
    matched = pd.DataFrame({"first": [0, 1, 0], "second": [3, 2, 1], "inliers": [7, 8, 9]})
    parts = list(split(matched, np.array([0, 1, 1, 0, 2])))
    assert [rows.tolist() for rows, _ in parts] == [[0, 3], [1, 2]]
    assert [own.to_numpy().tolist() for _, own in parts] == [[[0, 1, 7]], [[0, 1, 8]]]


def test_pairs_that_leave_the_rows_are_left_out():
    assert renumber([(4, 2), (2, 3)], np.array([2, 4])) == [(1, 0)]
