"""Which photographs of nobody known show one individual? Groups of near vectors, without labels."""

import numpy as np
from sklearn.cluster import DBSCAN, AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

LEAST = 2  # photographs that make a neighbourhood dense (DBSCAN, Ester et al. 1996)
FLOORS = np.round(np.arange(0.1, 0.96, 0.025), 3)  # cosines that are tried
METHODS = ("dbscan", "average")


def side_by_side(members: list[np.ndarray]) -> np.ndarray:
    """n x d unit vectors of each of m members as n x (m d) ones, whose cosine is the mean one."""
    return np.concatenate(members, axis=1) / len(members) ** 0.5


def groups(vectors: np.ndarray, floor: float, method: str) -> np.ndarray:
    """The group of each of n unit vectors, numbered from 0 in the order of their first members.

    method: dbscan joins whatever is reached by steps of a cosine of `floor` or more; average joins
    groups while the mean cosine between their photographs is `floor` or more
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}: one of {METHODS}")
    if len(vectors) < LEAST:
        return np.zeros(len(vectors), dtype=int)
    if method == "dbscan":
        # a hair more than 1 - floor: equal vectors are 1e-7 apart in single precision
        found = DBSCAN(eps=1 - floor + 1e-6, min_samples=LEAST, metric="cosine").fit(vectors)
        alone = found.labels_ < 0
        labels = found.labels_.copy()
        labels[alone] = labels.max() + 1 + np.arange(alone.sum())
    else:
        found = AgglomerativeClustering(
            n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - floor + 1e-6
        ).fit(vectors)
        labels = found.labels_
    _, first, numbers = np.unique(labels, return_index=True, return_inverse=True)
    return first.argsort().argsort()[numbers]


def agreement(found: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Adjusted Rand index (0 for chance, 1 for the same groups) and normalised mutual information.

    Groups of one are most of a long tail, and mutual information is high for any grouping into
    many small ones: believe the first.
    """
    return {
        "ari": float(adjusted_rand_score(truth, found)),
        "nmi": float(normalized_mutual_info_score(truth, found)),
    }


def of_pairs(found: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Of the pairs put together, the share that belongs together (precision; NaN without a pair),
    and of those that belong together the share that was put so (recall).
    """
    first, second = np.triu_indices(len(found), 1)
    together, same = found[first] == found[second], truth[first] == truth[second]
    both = float((together & same).sum())
    return {
        "precision": both / together.sum() if together.any() else float("nan"),
        "recall": both / same.sum() if same.any() else float("nan"),
    }


def best_floor(lessons: list[tuple[np.ndarray, np.ndarray]], method: str) -> float:
    """The floor with the best mean ARI on sets of vectors (n x d) with their labels (n).

    The middle one where several are best. Raises ValueError without a set that has two photographs
    of one individual.
    """
    telling = [(own, labels) for own, labels in lessons if len(set(labels)) < len(labels)]
    if not telling:
        raise ValueError("no two held-out photographs show one individual: nothing to learn from")
    scores = [
        np.mean([agreement(groups(own, floor, method), labels)["ari"] for own, labels in telling])
        for floor in FLOORS
    ]
    best = np.flatnonzero(np.isclose(scores, np.max(scores)))
    return float(FLOORS[best[len(best) // 2]])
