"""Query expansion and database augmentation: a vector averaged with its nearest gallery vectors.

A photograph that resembles several of one animal moves towards them, and away from the single
look-alike. (Weights as in Radenovic, Tolias and Chum 2018, alpha query expansion.)
"""

import numpy as np


def expand(
    vectors: np.ndarray,
    gallery: np.ndarray,
    rows: np.ndarray,
    similarities: np.ndarray,
    power: float,
) -> np.ndarray:
    """Each of n unit vectors plus its k neighbours times similarity ** power, as unit vectors.

    rows, similarities : n x k, the neighbours' rows in `gallery` (-1 for none) and their cosines;
        one that is negative has no weight

        vector (1, 0), neighbour (0.6, 0.8) at .6, power 1  ->  (1, 0) + .6 (0.6, 0.8), unit length
    """
    weights = np.where(rows >= 0, np.clip(similarities, 0, None), 0) ** power
    weights = np.where(rows >= 0, weights, 0)  # 0 to the power of 0 is 1
    moved = vectors.astype(float)
    for weight, row in zip(weights.T, rows.T, strict=True):
        moved += weight[:, None] * gallery[row]
    return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(vectors.dtype)
