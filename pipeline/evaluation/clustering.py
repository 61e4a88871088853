"""Photographs of unknown individuals, clustered by near embeddings, without labels."""

import numpy as np
from sklearn.cluster import DBSCAN, AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

MIN_SAMPLES = 2  # photographs that make a neighbourhood dense (DBSCAN, Ester et al. 1996)
MIN_COSINES = np.round(np.arange(0.1, 0.96, 0.025), 3)  # that are tried
METHODS = ("dbscan", "average")


def concatenate_members(members: list[np.ndarray]) -> np.ndarray:
    """n x d unit vectors of each of m members as n x (m d) ones, whose cosine is the mean one."""
    return np.concatenate(members, axis=1) / len(members) ** 0.5


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
    # a hair more than 1 - min_cosine: equal vectors are 1e-7 apart in single precision
    distance = 1 - min_cosine + 1e-6
    if method == "dbscan":
        labels = DBSCAN(eps=distance, min_samples=MIN_SAMPLES, metric="cosine").fit_predict(vectors)
        alone = labels < 0
        labels[alone] = labels.max() + 1 + np.arange(alone.sum())
    else:
        labels = AgglomerativeClustering(
            n_clusters=None, metric="cosine", linkage="average", distance_threshold=distance
        ).fit_predict(vectors)
    _, first, numbers = np.unique(labels, return_index=True, return_inverse=True)
    return first.argsort().argsort()[numbers]


def score_agreement(clusters: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Adjusted Rand index (0 by chance, 1 for the same clusters), normalised mutual information.

    Clusters of one photograph are most of a long tail, and mutual information is high for any
    clustering into many small ones: rely on the first.
    """
    return {
        "ari": float(adjusted_rand_score(truth, clusters)),
        "nmi": float(normalized_mutual_info_score(truth, clusters)),
    }


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
