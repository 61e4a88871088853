"""Looks at all queries at once: who is an answer too often, and who never.

Photographs of one animal rarely fill a test. Both tools reorder lists of labels; neither learns
anything, and both make an answer depend on what else is asked.
"""

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from pipeline.data.tables import NEW_WHALE


def swapped(lists: pd.Series, posteriors: pd.DataFrame, gap: float) -> pd.Series:
    """Exchange a query's first two labels where that gives an identity its only first place.

    Their posteriors differ by less than `gap`, the first is first elsewhere too, and the second
    nowhere (1st place, humpback 2019). The closest calls come first; `new_whale` stays.

    lists : label lists by query, best first
    posteriors : columns query, identity, posterior
    """
    chance = posteriors.set_index(["query", "identity"])["posterior"]
    firsts = lists.str[0].value_counts().to_dict()
    close = {}
    for query, labels in lists[lists.str.len() > 1].items():
        first, second = (chance.get((query, label), 0.0) for label in labels[:2])
        if first - second < gap and NEW_WHALE not in labels[:2]:
            close[query] = first - second
    found = lists.copy()
    for query in sorted(close, key=lambda query: (close[query], query)):
        first, second, *rest = found[query]
        if firsts[first] > 1 and not firsts.get(second):
            found[query] = [second, first, *rest]
            firsts[first], firsts[second] = firsts[first] - 1, 1
    return found


def assigned(lists: pd.Series, posteriors: pd.DataFrame, capacity: int) -> pd.Series:
    """Let each identity come first for at most `capacity` queries, at the greatest total posterior.

    A linear assignment of queries to places, over the candidates alone: memory grows with queries x
    candidates. `new_whale` has room for all; who finds no place has it first, or stays as it is
    where `new_whale` was never weighed. The other labels of a list keep their order.
    """
    queries = pd.Index(lists.index)
    asked = posteriors[posteriors["query"].isin(queries)]
    known = asked[asked["identity"] != NEW_WHALE]
    row = queries.get_indexer(known["query"])
    label, identities = pd.factorize(known["identity"])
    chance = known["posterior"].to_numpy()
    places = len(identities) * capacity
    # every identity has `capacity` columns; then each query has one of its own, where it is new
    column = (label[:, None] * capacity + np.arange(capacity)).ravel()
    new = asked[asked["identity"] == NEW_WHALE].set_index("query")["posterior"]
    own = new.reindex(queries).fillna(0.0).to_numpy()
    cost = np.concatenate([np.repeat(1 - chance, capacity), 1 - own]) + 1  # 0 would be no edge
    rows = np.concatenate([np.repeat(row, capacity), np.arange(len(queries))])
    columns = np.concatenate([column, places + np.arange(len(queries))])
    graph = csr_matrix((cost, (rows, columns)), shape=(len(queries), places + len(queries)))
    _, taken = min_weight_full_bipartite_matching(graph)
    weighed = set(new.index)
    left = [NEW_WHALE if query in weighed else labels[0] for query, labels in lists.items()]
    found = [
        put_first(labels, identities[at // capacity] if at < places else left[at - places])
        for labels, at in zip(lists, taken, strict=True)
    ]
    return pd.Series(found, index=lists.index)


def put_first(labels: list[str], first: str) -> list[str]:
    """The list with `first` moved to its head, as long as before."""
    return [first, *(label for label in labels if label != first)][: len(labels)]
