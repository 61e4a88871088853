"""Geometric verification: which matches of two photographs fit one transform."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.params import Match
from pipeline.steps.match.point_matches import PointMatches

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

    matches : n
    inlier : bool n, which of them fit one transform
    background : how many more matches were left out because they move with the background
    """

    matches: PointMatches
    inlier: np.ndarray
    background: int = 0

    @property
    def rows(self) -> np.ndarray:
        """n x 2, the matches' rows of the first and of the second photograph's points."""
        return self.matches.rows

    @property
    def inliers(self) -> int:
        """How many matches fit."""
        return int(self.inlier.sum())

    @property
    def ratio(self) -> float:
        """Fraction of the matches that fit; 0 without matches."""
        return self.inliers / max(len(self.matches), 1)


def verify_matches(
    points: ArrayPair, matches: PointMatches, longer_sides: tuple[float, float], params: Match
) -> PairMatches:
    """Find which matches of two photographs' k x 2 points fit one transform.

    `longer_sides` are those of the two canvases: coordinates and `params.tolerance` are relative
    to them, so that an animal photographed from afar is as large as one photographed from nearby.
    """
    inlier = np.zeros(len(matches), bool)
    if len(matches) >= MIN_MATCHES[params.model]:
        first, second = matched_points(points, matches.rows, longer_sides)
        _, inlier = estimate_transform(first, second, params.tolerance * UNIT, params.model)
    return PairMatches(matches, inlier)


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
    (a, b), (c, d) = linear.tolist()
    # the singular values of 2 x 2, which NumPy takes 40 microseconds for
    mean, half = math.hypot(a + d, b - c) / 2, math.hypot(a - d, b + c) / 2
    return a * d - b * c > 0 and mean + half < MAX_STRETCH and mean - half > MIN_STRETCH


def hull_coverage(points: np.ndarray, width: float, height: float) -> float:
    """Fraction of a canvas inside the convex hull of n points; 0 for fewer than three."""
    if len(points) < 3:
        return 0.0
    return float(cv2.contourArea(cv2.convexHull(points.astype(np.float32))) / (width * height))
