"""Reorder the answers to all queries at once: identities that come first too often, or never.

Photographs of one animal rarely fill a test. Both tools reorder rankings (label lists by query);
neither is fitted, and both make an answer depend on the other queries.
"""

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from pipeline.data.tables import NEW_WHALE


def swap_close_calls(rankings: pd.Series, posteriors: pd.DataFrame, gap: float) -> pd.Series:
    """Exchange a query's first two labels if that gives an identity its only first place.

    Their posteriors differ by less than `gap`, the first is first elsewhere too, and the second
    nowhere (1st place, humpback 2019). The closest calls come first; `new_whale` stays.

    rankings : label lists by query, best first
    posteriors : columns query, identity, posterior
    """
    posterior = posteriors.set_index(["query", "identity"])["posterior"]
    firsts = rankings.str[0].value_counts().to_dict()
    close: dict[str, float] = {}
    for query, labels in rankings[rankings.str.len() > 1].items():
        first, second = (posterior.get((query, label), 0.0) for label in labels[:2])
        if first - second < gap and NEW_WHALE not in labels[:2]:
            close[str(query)] = first - second
    swapped = rankings.copy()
    for query in sorted(close, key=lambda query: (close[query], query)):
        first, second, *rest = swapped[query]
        if firsts[first] > 1 and not firsts.get(second):
            swapped[query] = [second, first, *rest]
            firsts[first], firsts[second] = firsts[first] - 1, 1
    return swapped


def assign_first_places(rankings: pd.Series, posteriors: pd.DataFrame, capacity: int) -> pd.Series:
    """Let each identity come first for at most `capacity` queries, at the greatest total posterior.

    A linear assignment of queries to places, over the candidates alone: memory grows with queries x
    candidates. `new_whale` has places for all. A query without a place has `new_whale` first, or
    stays as it is if `new_whale` is not among its candidates. The other labels keep their order.
    """
    queries = pd.Index(rankings.index)
    candidates = posteriors[posteriors["query"].isin(queries)]
    known = candidates[candidates["identity"] != NEW_WHALE]
    new = candidates[candidates["identity"] == NEW_WHALE].set_index("query")["posterior"]
    label, identities = pd.factorize(known["identity"])
    # more than have an identity among their candidates it can't get, and each takes memory
    capacity = min(capacity, int(np.bincount(label, minlength=1).max()))
    place = _assign(
        queries.get_indexer(known["query"]),
        label,
        known["posterior"].to_numpy(),
        new.reindex(queries).fillna(0.0).to_numpy(),
        capacity,
    )
    with_new, places = set(new.index), len(identities) * capacity
    left = [NEW_WHALE if query in with_new else labels[0] for query, labels in rankings.items()]
    assigned = [
        move_first(labels, identities[at // capacity] if at < places else left[at - places])
        for labels, at in zip(rankings, place, strict=True)
    ]
    return pd.Series(assigned, index=rankings.index)


def _assign(
    row: np.ndarray, label: np.ndarray, known: np.ndarray, new: np.ndarray, capacity: int
) -> np.ndarray:
    """The column of each of q queries in the cheapest assignment, q ints.

    row, label, known : query, identity number and posterior of the n known candidates
    new : q, the posterior of new_whale

    Every identity has `capacity` columns; then each query has a column in which it is new.
    """
    count, places = len(new), (label.max(initial=-1) + 1) * capacity
    column = (label[:, None] * capacity + np.arange(capacity)).ravel()
    cost = np.concatenate([np.repeat(1 - known, capacity), 1 - new]) + 1  # 0 would be no edge
    rows = np.concatenate([np.repeat(row, capacity), np.arange(count)])
    columns = np.concatenate([column, places + np.arange(count)])
    graph = csr_matrix((cost, (rows, columns)), shape=(count, places + count))
    _, chosen = min_weight_full_bipartite_matching(graph)
    return chosen


def move_first(labels: list[str], first: str) -> list[str]:
    """The list with `first` moved to its head, as long as before."""
    return [first, *(label for label in labels if label != first)][: len(labels)]
