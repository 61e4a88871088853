"""The matched points of two photographs that fit one map, as `weigh` learns from them."""

import numpy as np

from pipeline.data.features import Features
from pipeline.steps.match.geometry import Agreement
from pipeline.steps.match.votes import LEVELS

# own: the query's point, by its number; the places are shares of each canvas's width and height;
# clearness: the descriptors' distance over that to the next best
POINT = ["own", "x", "y", "there_x", "there_y", "distance", "clearness"]


def described(features: Features, two: tuple[int, int], found: Agreement) -> np.ndarray:
    """n x 7 float32 (columns POINT), a row an inlier of two photographs, by their numbers."""
    chosen = found.pairs[found.inlier]
    here, there = (features.rows(one) for one in two)
    places = [
        features.points[rows][chosen[:, side]] / features.sizes[two[side]]
        for side, rows in enumerate((here, there))
    ]
    own = features.descriptors[here][chosen[:, 0]]
    distance, clearness = clear(own, features.descriptors[there], chosen[:, 1])
    return np.column_stack([chosen[:, 0], *places, distance, clearness]).astype(np.float32)


def clear(own: np.ndarray, others: np.ndarray, matched: np.ndarray) -> tuple[np.ndarray, ...]:
    """The distance of n descriptors to those they match (rows of `others`), and how much nearer
    that is than the next best, 0 to 1; 1 where there is none, or one as near.
    """
    one, other = own.astype(np.float32), others.astype(np.float32)
    squares = np.einsum("nd,nd->n", one, one)[:, None] + np.einsum("kd,kd->k", other, other)
    squares -= 2 * one @ other.T
    distances = np.sqrt(np.maximum(squares, 0)) / LEVELS
    rows = np.arange(len(own))
    nearest = distances[rows, matched]
    distances[rows, matched] = np.inf
    rival = distances.min(axis=1, initial=np.inf)
    known = np.isfinite(rival) & (rival > 0)
    share = np.divide(nearest, rival, out=np.ones(len(own), np.float32), where=known)
    return nearest, np.minimum(share, 1)
