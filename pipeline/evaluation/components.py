"""Photographs that may share a cluster: those joined by a chain of likely pairs.

Average linkage joins two clusters only if some pair between them reaches the threshold. So each
component of the graph of such pairs is clustered apart, with the same result, and no table has all
pairs of all photographs: of tens of thousands these are gigabytes.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

BLOCK = 1000  # photographs whose similarities are in memory at once


def find_components(
    vectors: np.ndarray,
    matched: pd.DataFrame,
    log_odds: Callable[[pd.DataFrame], np.ndarray],
    threshold: float,
    joined: Iterable[tuple[int, int]] = (),
) -> np.ndarray:
    """The component of each of n photographs, numbered from 0.

    vectors : n x d unit vectors
    matched : pairs by row (first, second) with scores; log_odds : of pairs with these scores, none
        of which counts against a pair; what is not matched has scores of 0 beside its similarity
    threshold : of the log-odds of a pair that joins; joined : rows that are joined in any case
    """
    count = len(vectors)
    likely = matched[log_odds(matched) >= threshold]
    roots = np.arange(count)
    pairs = np.concatenate([likely[["first", "second"]].to_numpy(int), to_rows(joined)])
    roots = join(roots, pairs[:, 0], pairs[:, 1])
    lowest = find_similarity(matched, log_odds, threshold)
    if lowest > 1 + 1e-6:  # of no pair
        return roots
    for start in range(0, count, BLOCK):
        similarities = vectors[start : start + BLOCK] @ vectors[start:].T
        first, second = np.nonzero(similarities >= lowest)
        roots = join(roots, start + first, start + second)
    return roots


def find_similarity(
    matched: pd.DataFrame, log_odds: Callable[[pd.DataFrame], np.ndarray], threshold: float
) -> float:
    """The similarity from which on a pair joins without a match; infinite if none does."""
    least, most = measure_unmatched(matched.columns, log_odds)
    if most == least:
        return -np.inf if least >= threshold else np.inf
    return float((threshold - least) / (most - least))


def measure_unmatched(
    columns: pd.Index, log_odds: Callable[[pd.DataFrame], np.ndarray]
) -> tuple[float, float]:
    """The log-odds of a pair without a match, of similarity 0 and of 1; between them it is linear.

    columns : of the scores
    """
    ends = pd.DataFrame(0.0, index=[0, 1], columns=columns).assign(similarity=[0.0, 1.0])
    least, most = log_odds(ends)
    return float(least), float(most)


def join(roots: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Join components of n photographs by m pairs of rows; numbers from 0."""
    count = len(roots)
    # every photograph with one of its own component, which stays as it is
    _, members = np.unique(roots, return_index=True)
    pairs = np.concatenate([first, np.arange(count)]), np.concatenate([second, members[roots]])
    links = coo_array((np.ones(len(pairs[0]), bool), pairs), (count, count))
    return connected_components(links, directed=False)[1]


def split(
    matched: pd.DataFrame, components: np.ndarray
) -> Iterator[tuple[np.ndarray, pd.DataFrame]]:
    """Yield the rows of each component of two photographs or more, and the pairs matched in it.

    The pairs' rows are numbered within the component.
    """
    inside = matched[components[matched["first"]] == components[matched["second"]]]
    pairs_of = inside.groupby(components[inside["first"]]).indices
    sizes = np.bincount(components)
    members = np.split(np.argsort(components, kind="stable"), sizes.cumsum()[:-1])
    for component in np.flatnonzero(sizes > 1):
        rows = members[component]
        own = inside.iloc[pairs_of.get(component, [])]
        first, second = (np.searchsorted(rows, own[name]) for name in ("first", "second"))
        yield rows, own.assign(first=first, second=second)


def renumber(pairs: Iterable[tuple[int, int]], rows: np.ndarray) -> list[tuple[int, int]]:
    """The pairs of two of these rows, numbered among them."""
    places = {int(row): place for place, row in enumerate(rows)}
    return [(places[a], places[b]) for a, b in pairs if a in places and b in places]


def to_rows(pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    """Pairs of rows, m x 2."""
    return np.array(list(pairs), int).reshape(-1, 2)
