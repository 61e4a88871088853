"""Photographs of unknown individuals, clustered by near embeddings, without labels."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MIN_SAMPLES = 2  # photographs that make a neighbourhood dense (DBSCAN, Ester et al. 1996)
MIN_COSINES = np.round(np.arange(0.1, 0.96, 0.025), 3)  # that are tried
METHODS = ("dbscan", "average")
HAIR = 1e-6  # of distance: equal vectors are 1e-7 apart in single precision


def cluster(vectors: np.ndarray, min_cosine: float, method: str) -> np.ndarray:
    """The cluster of each of n unit vectors, numbered from 0 in the order of their first members.

    method: dbscan joins what is reached by steps of a cosine of `min_cosine` or more; average joins
    clusters while the mean cosine between their photographs is `min_cosine` or more

    Raises ValueError for another method.
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}: one of {METHODS}")
    if len(vectors) < MIN_SAMPLES:
        return np.zeros(len(vectors), dtype=int)
    if method == "average":
        return join_on_average(vectors, [min_cosine])[0]
    from sklearn.cluster import DBSCAN  # takes a second, and the average needs none

    near = DBSCAN(eps=1 - min_cosine + HAIR, min_samples=MIN_SAMPLES, metric="cosine")
    labels = near.fit_predict(vectors)
    alone = labels < 0
    labels[alone] = labels.max() + 1 + np.arange(alone.sum())
    return number_in_order(labels)


def join_on_average(vectors: np.ndarray, min_cosines: Sequence[float] | np.ndarray) -> np.ndarray:
    """`cluster` by the method average at each of m cosines, m x n, from one tree."""
    if len(vectors) < MIN_SAMPLES:
        return np.zeros((len(min_cosines), len(vectors)), dtype=int)
    from scipy.cluster import hierarchy  # 20 MB, which the score card hardly needs
    from scipy.spatial.distance import squareform

    exact = vectors.astype(float)
    distance = np.maximum(1 - exact @ exact.T, 0)  # equal vectors are -1e-8 apart
    np.fill_diagonal(distance, 0)
    tree = hierarchy.linkage(squareform(distance, checks=False), "average")
    cuts = [hierarchy.fcluster(tree, 1 - cosine + HAIR, "distance") for cosine in min_cosines]
    return np.stack([number_in_order(labels) for labels in cuts])


def number_in_order(labels: np.ndarray) -> np.ndarray:
    """The clusters numbered from 0 in the order of their first members."""
    _, first, numbers = np.unique(labels, return_index=True, return_inverse=True)
    return first.argsort().argsort()[numbers]


def score_agreement(clusters: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Adjusted Rand index (0 by chance, 1 for the same clusters), normalised mutual information.

    Clusters of one photograph are most of a long tail, and mutual information is high for any
    clustering into many small ones: rely on the first.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return {
        "ari": float(adjusted_rand_score(truth, clusters)),
        "nmi": float(normalized_mutual_info_score(truth, clusters)),
    }


def weighted_ari(clusters: npt.ArrayLike, truth: npt.ArrayLike, weights: np.ndarray) -> float:
    """The adjusted Rand index if a pair of photographs counts as the product of their weights.

    With equal weights it is scikit-learn's (Hubert and Arabie 1985). NaN if no two photographs have
    a weight; 1 if the clusters and the truth both join all, or none.
    """
    _, cluster = np.unique(np.asarray(clusters), return_inverse=True)
    _, individual = np.unique(np.asarray(truth), return_inverse=True)
    count = individual.max(initial=-1) + 1
    joined, same = (_weigh_pairs(codes, weights) for codes in (cluster, individual))
    both = _weigh_pairs(cluster * count + individual, weights)
    total = _weigh_pairs(np.zeros(len(weights), dtype=int), weights)
    if total <= 0:
        return float("nan")
    expected, most = joined * same / total, (joined + same) / 2
    return float((both - expected) / (most - expected)) if most > expected else 1.0


def _weigh_pairs(codes: np.ndarray, weights: np.ndarray) -> float:
    """The summed weight of the pairs with the same code."""
    sums = np.bincount(codes, weights)
    return float((sums @ sums - weights @ weights) / 2)


def score_pairs(clusters: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Precision and recall of the pairs of photographs that share a cluster.

    precision: the fraction of pairs in one cluster that show one individual, NaN without a pair;
    recall: the fraction of pairs of one individual that are in one cluster, NaN without a pair.
    """
    first, second = np.triu_indices(len(clusters), 1)
    together, same = clusters[first] == clusters[second], truth[first] == truth[second]
    both = float((together & same).sum())
    return {
        "precision": both / together.sum() if together.any() else float("nan"),
        "recall": both / same.sum() if same.any() else float("nan"),
    }


def fit_min_cosine(labelled: list[tuple[np.ndarray, np.ndarray]], method: str) -> float:
    """The minimum cosine with the best mean ARI on sets of vectors (n x d) with their labels (n).

    The middle one if several are best. Raises ValueError without a set that has two photographs of
    one individual.
    """
    usable = [(vectors, labels) for vectors, labels in labelled if len(set(labels)) < len(labels)]
    if not usable:
        raise ValueError("no two held-out photographs show one individual: nothing to fit on")
    scores = [
        np.mean(
            [
                score_agreement(cluster(vectors, min_cosine, method), labels)["ari"]
                for vectors, labels in usable
            ]
        )
        for min_cosine in MIN_COSINES
    ]
    best = np.flatnonzero(np.isclose(scores, np.max(scores)))
    return float(MIN_COSINES[best[len(best) // 2]])
