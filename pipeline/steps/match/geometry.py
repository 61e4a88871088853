"""Geometric verification: mutual matches of two photographs, and those that fit one transform."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.params import Match

UNIT = 100.0  # length given to a canvas's longer side: MAGSAC's constants are made for pixels
MAX_ITERATIONS, CONFIDENCE = 500, 0.999
# one match more than the transform needs: any three points fit an affine one
MIN_MATCHES = {"affine": 4, "homography": 5}
MIN_BACKGROUND = 8  # inliers of the surroundings that prove a common background
# A match belongs to the background if it lies within this many tolerances of its transform: the
# background is nearer or farther in places
BACKGROUND_TOLERANCES = 3.0
# An animal is seen from another angle and distance, not from above or as thin as a line
MIN_STRETCH, MAX_STRETCH = 0.4, 2.5

# one array per photograph
ArrayPair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class PairMatches:
    """The matches of two photographs.

    pairs : n x 2, the rows of the first and of the second photograph's points
    inlier : bool n, which of them fit one transform
    background : how many more matches were left out because they move with the background
    """

    pairs: np.ndarray
    inlier: np.ndarray
    background: int = 0

    @property
    def inliers(self) -> int:
        """How many matches fit."""
        return int(self.inlier.sum())

    @property
    def ratio(self) -> float:
        """Fraction of the matches that fit; 0 without matches."""
        return self.inliers / max(len(self.pairs), 1)


def verify_matches(
    points: ArrayPair, pairs: np.ndarray, longer_sides: tuple[float, float], params: Match
) -> PairMatches:
    """Find which matches (n x 2 rows of two photographs' k x 2 points) fit one transform.

    `longer_sides` are those of the two canvases: coordinates and `params.tolerance` are relative
    to them, so that an animal photographed from afar is as large as one photographed from nearby.
    """
    inlier = np.zeros(len(pairs), bool)
    if len(pairs) >= MIN_MATCHES[params.model]:
        first, second = matched_points(points, pairs, longer_sides)
        _, inlier = estimate_transform(first, second, params.tolerance * UNIT, params.model)
    return PairMatches(pairs, inlier)


def find_background(
    points: ArrayPair,
    pairs: np.ndarray,
    around: ArrayPair,
    around_pairs: np.ndarray,
    longer_sides: tuple[float, float],
    params: Match,
) -> np.ndarray:
    """Find which of n matches move with the background (bool n).

    Two photographs from one place share bushes, and a mask lets some of them in. The transform of
    the background is estimated from the points around the animals (`around`, k x 2 each) and their
    matches (`around_pairs`). Without MIN_BACKGROUND inliers among these the photographs share no
    background that can be recognized, and all is False.
    """
    first, second = matched_points(around, around_pairs, longer_sides)
    matrix, inlier = None, np.zeros(0, bool)
    if len(around_pairs) >= MIN_BACKGROUND:
        matrix, inlier = estimate_transform(first, second, params.tolerance * UNIT, "affine")
    if matrix is None or inlier.sum() < MIN_BACKGROUND:
        return np.zeros(len(pairs), bool)
    first, second = matched_points(points, pairs, longer_sides)
    residual = np.linalg.norm(first @ matrix[:, :2].T + matrix[:, 2] - second, axis=1)
    return residual < BACKGROUND_TOLERANCES * params.tolerance * UNIT


def matched_points(
    points: ArrayPair, pairs: np.ndarray, longer_sides: tuple[float, float]
) -> list[np.ndarray]:
    """Both ends of each match, n x 2 each, in hundredths of their canvases' longer sides."""
    return [points[i][pairs[:, i]] / longer_sides[i] * UNIT for i in (0, 1)]


def match_mutually(first: np.ndarray, second: np.ndarray, ratio: float) -> np.ndarray:
    """Match descriptors that are each other's nearest and pass Lowe's ratio test.

    first, second : k x d and m x d descriptors
    ratio : largest allowed distance relative to that of the first one's second nearest

    Returns n x 2 rows.
    """
    if len(first) < 1 or len(second) < 2:
        return np.empty((0, 2), int)
    a, b = first.astype(np.float32), second.astype(np.float32)
    # minus half the squared distances; in place, since this takes most of the time
    similarity = a @ b.T
    similarity -= np.einsum("kd,kd->k", b, b) / 2
    similarity -= np.einsum("kd,kd->k", a, a)[:, None] / 2
    rows, nearest = np.arange(len(a)), similarity.argmax(axis=1)
    back = np.ascontiguousarray(similarity.T).argmax(axis=1)
    distance = np.sqrt(np.maximum(-2 * similarity[rows, nearest], 0))
    similarity[rows, nearest] = -np.inf
    second_distance = np.sqrt(np.maximum(-2 * similarity.max(axis=1), 0))
    matched = (back[nearest] == rows) & (distance < ratio * second_distance)
    return np.column_stack([np.flatnonzero(matched), nearest[matched]])


def estimate_transform(
    first: np.ndarray, second: np.ndarray, tolerance: float, model: str
) -> tuple[np.ndarray | None, np.ndarray]:
    """Estimate a transform of n point pairs by MAGSAC (Barath et al. 2020), and its inliers.

    Returns None and no inlier (bool n) if none is found, or if it is not plausible.
    """
    estimate = cv2.estimateAffine2D if model == "affine" else cv2.findHomography
    matrix, inlier = estimate(
        first,
        second,
        method=cv2.USAC_MAGSAC,
        ransacReprojThreshold=tolerance,
        maxIters=MAX_ITERATIONS,
        confidence=CONFIDENCE,
    )
    if matrix is None or not is_plausible(matrix[:2, :2]):
        return None, np.zeros(len(first), bool)
    return matrix, inlier.ravel().astype(bool)


def is_plausible(linear: np.ndarray) -> bool:
    """Whether a linear map (2 x 2) neither mirrors the animal nor stretches it out of proportion.

    Of a homography, this is its linear part.
    """
    stretches = np.linalg.svd(linear, compute_uv=False)
    return bool(
        np.linalg.det(linear) > 0 and stretches[0] < MAX_STRETCH and stretches[1] > MIN_STRETCH
    )


def hull_coverage(points: np.ndarray, width: float, height: float) -> float:
    """Fraction of a canvas inside the convex hull of n points; 0 for fewer than three."""
    if len(points) < 3:
        return 0.0
    return float(cv2.contourArea(cv2.convexHull(points.astype(np.float32))) / (width * height))
