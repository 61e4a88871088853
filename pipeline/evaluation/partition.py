"""A partition of photographs into individuals, from the log-odds that two show one individual.

Clusters are joined by average linkage while the mean log-odds between their photographs is at least
a threshold. That mean is what a whole cluster says about another one: a chance match of two
photographs is outvoted by the others. Pairs that a person has decided come first: `same` is
transitive, and two that are `different` are never in one cluster, nor are those that are the same
as they.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.cluster import hierarchy
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from pipeline.evaluation.clustering import number_in_order, score_agreement

MOST = 6.0  # log-odds beyond which a pair counts no more: no single pair may decide alone
THRESHOLDS = np.round(np.arange(-5.0, 3.01, 0.25), 2)  # of the mean log-odds, that are tried
JOINED = 0.0  # the distance of what is decided to be the same; all others have 1 or more
Decided = Iterable[tuple[int, int]]  # pairs of rows
Labelled = tuple[np.ndarray, npt.ArrayLike]  # n x n log-odds and n individuals


def partition(
    log_odds: np.ndarray,
    thresholds: Sequence[float] | np.ndarray,
    same: Decided = (),
    different: Decided = (),
) -> np.ndarray:
    """The clusters of n photographs at each of m thresholds, m x n, from one tree.

    log_odds : n x n and symmetric; the diagonal is not read
    same, different : pairs of rows that a person has decided

    Clusters are numbered from 0 in the order of their first members. Raises ValueError if decisions
    contradict each other.
    """
    if len(log_odds) < 2:
        return np.zeros((len(thresholds), len(log_odds)), dtype=int)
    distance = np.clip(log_odds.astype(float, copy=False), -MOST, MOST)
    np.subtract(1 + MOST, distance, out=distance)  # in place: of 10,000 photographs it is 800 MB
    decide(distance, same, different)
    np.fill_diagonal(distance, 0)
    tree = hierarchy.linkage(squareform(distance, checks=False), "average")
    cuts = [hierarchy.fcluster(tree, 1 + MOST - each + 1e-9, "distance") for each in thresholds]
    return np.stack([number_in_order(labels) for labels in cuts])


def decide(distance: np.ndarray, same: Decided, different: Decided) -> None:
    """Write decisions into n x n distances, so that average linkage obeys them.

    What is the same is joined before all else. A distance above n x n times the largest outweighs
    all other pairs of two clusters. Raises ValueError if decisions contradict each other.
    """
    count = len(distance)
    pairs = np.array(list(same), int).reshape(-1, 2)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (count, count))
    _, joined = connected_components(links, directed=False)
    distance[joined[:, None] == joined] = JOINED
    never = count**2 * (1 + 2 * MOST)
    for first, second in different:
        if joined[first] == joined[second]:
            raise ValueError(f"rows {first} and {second} are different, but joined by the same")
        one, other = (np.flatnonzero(joined == joined[row]) for row in (first, second))
        distance[np.ix_(one, other)] = distance[np.ix_(other, one)] = never


def fit_threshold(labelled: Sequence[Labelled]) -> float:
    """The threshold with the best mean adjusted Rand index on several sets of photographs.

    The middle one if several are best. Raises ValueError without a set that has two photographs of
    one individual.
    """
    usable = [(odds, truth) for odds, truth in labelled if len(np.unique(truth)) < len(odds)]
    if not usable:
        raise ValueError("no two held-out photographs show one individual: nothing to fit on")
    scores = [
        [
            score_agreement(clusters, np.asarray(truth))["ari"]
            for clusters in partition(odds, THRESHOLDS)
        ]
        for odds, truth in usable
    ]
    mean = np.mean(scores, axis=0)
    best = np.flatnonzero(np.isclose(mean, mean.max()))
    return float(THRESHOLDS[best[len(best) // 2]])
