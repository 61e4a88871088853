"""Hard negatives by linear assignment: a negative per image, the sum of similarities maximal.

The winners of the first humpback competition trained their siamese networks so (M. Piotte's kernel
of 2018). A greedy choice would give many images the same negative, and the network would learn to
push that image away from everything.
"""

from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from pipeline.models.pair_head import PairHead

FORBIDDEN = -1e9
MAX_NUMBERS = 1 << 25  # that a head works on at a time: 128 MB


def score_all_pairs(head: PairHead, first: Tensor, second: Tensor) -> Tensor:
    """Logits by `head` of n and m vectors, each with each: n x m.

    The head works on few pairs at a time, so that memory stays small whatever n and m are: all
    pairs of 256 vectors of 256 numbers would take 4.6 GB with 32 hidden units.
    """
    step = max(1, MAX_NUMBERS // (max(1, len(second)) * head.numbers))
    # BLAS rounds what is left of a matrix after its fours of rows in another way: with blocks of
    # 33 rows, one batch in 30 got other pairs than without blocks
    step -= step % 4 if step > 4 else 0
    return torch.cat([head(rows[:, None], second[None]) for rows in first.split(step)])


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
