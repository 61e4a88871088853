"""Hard negatives by linear assignment: everybody gets another, as similar as can be over all.

The winners of the first humpback competition trained their twin networks so (M. Piotte's kernel of
2018). A greedy choice would give many images the same negative, and the network would learn to
push that one away from everything.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import linear_sum_assignment

FORBIDDEN = -1e9


def hard_negatives(
    score: Callable[[np.ndarray, np.ndarray], np.ndarray],
    labels: np.ndarray,
    block: int,
    noise: float,
    rng: np.random.Generator,
    asking: np.ndarray,
) -> np.ndarray:
    """For each of n images another individual's, no image twice within a block; -1 for nobody.

    Parameters
    ----------
    score : of rows and columns (places 0 .. n - 1), the len(rows) x len(columns) similarities
    labels : n; new_whale is -1, and anybody's negative, another new_whale's too
    block : images in a random part, which choose among themselves: memory is block^2 numbers
    noise : up to so much is added to each score, so that not the same pairs come every epoch
    asking : n, True for the images that need a negative; anybody can be one
    """
    chosen = np.full(len(labels), -1)
    order = rng.permutation(len(labels))
    parts = np.array_split(order, max(1, -(-len(order) // block)))
    for columns in parts:
        rows = columns[asking[columns]]
        if not len(rows):
            continue
        gains = score(rows, columns) + noise * rng.random((len(rows), len(columns)))
        own = labels[rows, None]
        gains[((own == labels[columns]) & (own >= 0)) | (rows[:, None] == columns)] = FORBIDDEN
        taken, found = linear_sum_assignment(gains, maximize=True)
        possible = gains[taken, found] > FORBIDDEN / 2
        chosen[rows[taken[possible]]] = columns[found[possible]]
    return chosen
