"""Hard negatives by linear assignment: a negative per image, the sum of similarities maximal.

The winners of the first humpback competition trained their siamese networks so (M. Piotte's kernel
of 2018). A greedy choice would give many images the same negative, and the network would learn to
push that image away from everything.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import linear_sum_assignment

FORBIDDEN = -1e9


def assign_hard_negatives(
    score: Callable[[np.ndarray, np.ndarray], np.ndarray],
    labels: np.ndarray,
    block: int,
    noise: float,
    rng: np.random.Generator,
    anchors: np.ndarray,
) -> np.ndarray:
    """Assign a negative to every anchor, no image twice within a block; -1 for none.

    Parameters
    ----------
    score : similarities, len(rows) x len(columns), of rows and columns (indices of images)
    labels : n; new_whale is -1: a negative of every image, another new_whale included
    block : images in a random block, which are assigned among themselves: memory is block^2 numbers
    noise : largest random number that is added to a score, so that the pairs change between epochs
    anchors : n, True for the images that need a negative; every image can be one

    Returns n indices of images.
    """
    negatives = np.full(len(labels), -1)
    order = rng.permutation(len(labels))
    blocks = np.array_split(order, max(1, -(-len(order) // block)))
    for columns in blocks:
        rows = columns[anchors[columns]]
        if not len(rows):
            continue
        gains = score(rows, columns) + noise * rng.random((len(rows), len(columns)))
        row_labels = labels[rows, None]
        same = (row_labels == labels[columns]) & (row_labels >= 0)
        gains[same | (rows[:, None] == columns)] = FORBIDDEN
        row, column = linear_sum_assignment(gains, maximize=True)
        possible = gains[row, column] > FORBIDDEN / 2
        negatives[rows[row[possible]]] = columns[column[possible]]
    return negatives
