"""The inliers of two photographs, described for the step `weigh`."""

import numpy as np

from pipeline.data.features import Features
from pipeline.steps.match.geometry import PairMatches
from pipeline.steps.match.votes import LEVELS

# query_point: the row of the query's point; x, y and gallery_x, gallery_y: coordinates of the
# query's and of the gallery's point, as fractions of the canvas's width and height; distance: of
# the descriptors; ratio: Lowe's ratio, the distance over that to the second nearest
INLIER_COLUMNS = ["query_point", "x", "y", "gallery_x", "gallery_y", "distance", "ratio"]


def describe_inliers(
    features: Features, images: tuple[int, int], matches: PairMatches
) -> np.ndarray:
    """Describe the inliers of two photographs (by number), n x 7 float32 (INLIER_COLUMNS)."""
    pairs = matches.pairs[matches.inlier]
    rows = [features.rows(image) for image in images]
    coordinates = [
        features.points[rows[i]][pairs[:, i]] / features.sizes[images[i]] for i in (0, 1)
    ]
    descriptors = features.descriptors[rows[0]][pairs[:, 0]]
    distance, ratio = distance_ratios(descriptors, features.descriptors[rows[1]], pairs[:, 1])
    return np.column_stack([pairs[:, 0], *coordinates, distance, ratio]).astype(np.float32)


def distance_ratios(
    descriptors: np.ndarray, others: np.ndarray, matched: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distances of n descriptors to their matches, and their ratio to the next best distance.

    `matched` has rows of `others`. The ratio lies between 0 and 1; it is 1 if another descriptor
    is as near or nearer, or if there is no other.
    """
    a, b = descriptors.astype(np.float32), others.astype(np.float32)
    squares = np.einsum("nd,nd->n", a, a)[:, None] + np.einsum("kd,kd->k", b, b)
    squares -= 2 * a @ b.T
    distances = np.sqrt(np.maximum(squares, 0)) / LEVELS
    rows = np.arange(len(a))
    distance = distances[rows, matched]
    distances[rows, matched] = np.inf
    next_best = distances.min(axis=1, initial=np.inf)
    defined = np.isfinite(next_best) & (next_best > 0)
    ratio = np.divide(distance, next_best, out=np.ones(len(a), np.float32), where=defined)
    return distance, np.minimum(ratio, 1)
