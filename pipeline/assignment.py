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
) -> np.ndarray:
    """For each of n images another individual's, no image twice within a block; -1 for nobody.

    Parameters
    ----------
    score : of rows and columns (places 0 .. n - 1), the len(rows) x len(columns) similarities
    labels : n; new_whale is -1, and anybody's negative, another new_whale's too
    block : images in a random part, which choose among themselves: memory is block^2 numbers
    noise : up to so much is added to each score, so that not the same pairs come every epoch
    """
    chosen = np.full(len(labels), -1)
    order = rng.permutation(len(labels))
    parts = np.array_split(order, max(1, -(-len(order) // block)))
    for rows in parts:
        costs = score(rows, rows) + noise * rng.random((len(rows), len(rows)))
        own = labels[rows]
        costs[(own[:, None] == own) & (own >= 0)] = FORBIDDEN
        np.fill_diagonal(costs, FORBIDDEN)
        _, columns = linear_sum_assignment(costs, maximize=True)
        possible = costs[np.arange(len(rows)), columns] > FORBIDDEN / 2
        chosen[rows[possible]] = rows[columns[possible]]
    return chosen
