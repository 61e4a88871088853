"""A search that goes on until enough of what it finds may be compared with the query.

One index has the features of all galleries. The photographs beside a held-out query in its own part
are hidden from it, and if they are frames of one burst, they are the nearest to all its features:
a search of fixed depth would find nothing else, and not for the test's queries, whose frames are in
no gallery.
"""

from collections.abc import Callable

import numpy as np

Neighbours = tuple[np.ndarray, np.ndarray]  # distances and rows, k x depth; row -1 for none


def search_allowed(
    search: Callable[[np.ndarray, int], Neighbours],
    descriptors: np.ndarray,
    is_allowed: Callable[[np.ndarray], np.ndarray],
    wanted: int,
    depths: tuple[int, int],
) -> Neighbours:
    """The nearest neighbours of k features, `wanted` or more of which are allowed.

    search : of some features, so deep; is_allowed : bool by row, of any shape
    depths : the first one, and the one that is not exceeded; then fewer may be allowed
    """
    depth, deepest = depths
    distances, rows = search(descriptors, depth)
    while depth < deepest and (rows >= 0).any():
        # the last of a feature is -1 if there are no more
        found = (is_allowed(rows) & (rows >= 0)).sum(axis=1)
        lacking = np.flatnonzero((found < wanted) & (rows[:, -1] >= 0))
        if rows.shape[1] < depth or not len(lacking):
            break
        depth = min(2 * depth, deepest)
        more, more_rows = search(descriptors[lacking], depth)
        distances, rows = widen(distances, np.inf, more), widen(rows, -1, more)
        distances[lacking], rows[lacking] = more, more_rows
    return distances, rows


def widen(array: np.ndarray, filling: float, other: np.ndarray) -> np.ndarray:
    """The array with as many columns as another one."""
    missing = other.shape[1] - array.shape[1]
    return np.pad(array, ((0, 0), (0, missing)), constant_values=filling)
