"""Clusters of unit vectors by angle, and their scores by hand."""

import numpy as np
import pytest

from pipeline.evaluation import clustering


def at(*degrees: float) -> np.ndarray:
    """Unit vectors at these angles."""
    angles = np.deg2rad(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)])


@pytest.mark.parametrize("method", clustering.METHODS)
def test_near_vectors_share_a_cluster(method):
    found = clustering.cluster(at(90, 0, 93, 40, 2), np.cos(np.deg2rad(10)), method)
    assert found.tolist() == [0, 1, 0, 2, 1]


def test_dbscan_chains_near_steps_and_average_linkage_does_not():
    # 0 and 24 are far apart, but each step of 8 is near
    row, min_cosine = at(0, 8, 16, 24), np.cos(np.deg2rad(9))
    assert clustering.cluster(row, min_cosine, "dbscan").tolist() == [0, 0, 0, 0]
    assert clustering.cluster(row, min_cosine, "average").tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("method", clustering.METHODS)
@pytest.mark.parametrize("count", [0, 1])
def test_one_vector_or_none(method, count):
    assert (
        clustering.cluster(at(*range(count)).reshape(count, 2), 0.5, method).tolist() == [0] * count
    )


@pytest.mark.parametrize("method", clustering.METHODS)
def test_equal_vectors_share_a_cluster_at_cosine_1(method):
    same = np.repeat(at(33).astype(np.float32), 3, axis=0)
    assert clustering.cluster(same, 1.0, method).tolist() == [0, 0, 0]


def test_agreement_ignores_the_numbers_of_clusters():
    same = clustering.score_agreement(np.array([5, 5, 2, 2]), np.array(["a", "a", "b", "b"]))
    assert same == {"ari": 1.0, "nmi": pytest.approx(1.0)}
    apart = clustering.score_agreement(np.array([0, 1, 0, 1]), np.array(["a", "a", "b", "b"]))
    assert apart["ari"] == pytest.approx(-0.5) and apart["nmi"] == pytest.approx(0)


def test_the_fitted_cosine_separates_individuals():
    """Two photographs 5 degrees apart, individuals 30: the cosine lies between."""
    labelled = at(0, 5, 30, 35, 60, 65), np.array(list("aabbcc"))
    min_cosine = clustering.fit_min_cosine([labelled], "average")
    assert min_cosine == 0.925  # .875 to .95 separate them: the middle one


def test_a_fit_needs_two_photographs_of_one_individual():
    with pytest.raises(ValueError, match="no two held-out photographs"):
        clustering.fit_min_cosine([(at(0, 5), np.array(["a", "b"]))], "dbscan")


def test_the_index_counts_a_pair_as_the_product_of_its_weights():
    """Equal weights: scikit-learn's; a photograph of weight 0 is not there."""
    rng = np.random.default_rng(0)
    clusters, truth = rng.integers(0, 4, (2, 30))
    expected = clustering.score_agreement(clusters, truth)["ari"]
    assert clustering.weighted_ari(clusters, truth, np.full(30, 0.7)) == pytest.approx(expected)
    rest = clustering.score_agreement(clusters[:20], truth[:20])["ari"]
    weights = np.repeat([1.0, 0.0], [20, 10])
    assert clustering.weighted_ari(clusters, truth, weights) == pytest.approx(rest)


def test_the_weighted_index_by_hand():
    """Pairs 01 (together, same), 02, 12: weights 2, 6, 3. Index (2 - 2*2/11) / (2 - 2*2/11) = 1."""
    weights = np.array([2.0, 1.0, 3.0])
    assert clustering.weighted_ari([0, 0, 1], ["a", "a", "b"], weights) == pytest.approx(1)
    # joined 02 (6), same 01 (2), both none: -12/11 / (4 - 12/11)
    found = clustering.weighted_ari([0, 1, 0], ["a", "a", "b"], weights)
    assert found == pytest.approx(-(12 / 11) / (4 - 12 / 11))
    assert clustering.weighted_ari([0, 1], ["a", "b"], np.ones(2)) == 1
    assert np.isnan(clustering.weighted_ari([0], ["a"], np.ones(1)))


def test_one_tree_is_cut_at_every_cosine():
    vectors = at(90, 0, 93, 40, 2)
    cosines = np.cos(np.deg2rad([1, 10, 60]))
    cuts = clustering.join_on_average(vectors, cosines)
    assert cuts.tolist() == [
        clustering.cluster(vectors, cosine, "average").tolist() for cosine in cosines
    ]
    assert cuts[0].tolist() == [0, 1, 2, 3, 4] and cuts[1].tolist() == [0, 1, 0, 2, 1]


def test_an_unknown_method_is_named():
    with pytest.raises(ValueError, match="kmeans.*dbscan"):
        clustering.cluster(at(0, 1), 0.5, "kmeans")


def test_pair_scores_by_hand():
    """In one cluster: 0-1, 0-2, 1-2, 3-4; one individual: 0-1, 3-4, 3-5, 4-5."""
    scores = clustering.score_pairs(np.array([7, 7, 7, 1, 1, 2]), np.array(list("aabccc")))
    assert scores == {"precision": 0.5, "recall": 0.5}
    alone = clustering.score_pairs(np.arange(3), np.array(list("abc")))
    assert np.isnan(alone["precision"]) and np.isnan(alone["recall"])
