"""Do the features of two photographs lie alike? Mutual matches, and one map that they fit."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.params import Match

UNIT = 100.0  # what a longer side is counted as: MAGSAC's own constants are made for pixels
TRIALS, CONFIDENCE = 500, 0.999
FEWEST = {"affine": 4, "homography": 5}  # one more than the map needs: any three points fit one
SHARED = 8  # matches of the surroundings that fit one map, for a background that is shared
DEPTH = 3.0  # tolerances that the background is off where it lies nearer or farther than that map
# An animal is seen from another side and at another distance, not from above or as thin as a line
SMALLEST, LARGEST = 0.4, 2.5


@dataclass(frozen=True)
class Agreement:
    """Two photographs' matches (n x 2 rows, the first's and the second's) and which fit one map;
    `aside` more were left out, for they move with the background.
    """

    pairs: np.ndarray
    inlier: np.ndarray
    aside: int = 0

    @property
    def inliers(self) -> int:
        return int(self.inlier.sum())

    @property
    def ratio(self) -> float:
        """Share of the matches that fit; 0 where there is none."""
        return self.inliers / max(len(self.pairs), 1)


def agreement(
    points: tuple[np.ndarray, np.ndarray],
    pairs: np.ndarray,
    sides: tuple[float, float],
    params: Match,
) -> Agreement:
    """Which matches (n x 2 rows of two photographs' k x 2 points) fit one map.

    `sides` are the longer sides of the two canvases: places and `params.tolerance` are counted in
    them, so that an animal photographed from far off is as large as one from near.
    """
    inlier = np.zeros(len(pairs), bool)
    if len(pairs) >= FEWEST[params.model]:
        here, there = placed(points, pairs, sides)
        _, inlier = fitted(here, there, params.tolerance * UNIT, params.model)
    return Agreement(pairs, inlier)


def with_background(
    points: tuple[np.ndarray, np.ndarray],
    pairs: np.ndarray,
    around: tuple[np.ndarray, np.ndarray],
    around_pairs: np.ndarray,
    sides: tuple[float, float],
    params: Match,
) -> np.ndarray:
    """Which of n matches lie where the surroundings' matches say that the background went.

    Two photographs from one place share bushes, and a mask lets some of them in. Nothing (all
    False) where the surroundings don't fit one map, SHARED points at least: then they share no
    background that could be told. `around` has the surroundings' points, k x 2 each.
    """
    here, there = placed(around, around_pairs, sides)
    matrix, inlier = None, np.zeros(0, bool)
    if len(around_pairs) >= SHARED:
        matrix, inlier = fitted(here, there, params.tolerance * UNIT, "affine")
    if matrix is None or inlier.sum() < SHARED:
        return np.zeros(len(pairs), bool)
    here, there = placed(points, pairs, sides)
    off = np.linalg.norm(here @ matrix[:, :2].T + matrix[:, 2] - there, axis=1)
    return off < DEPTH * params.tolerance * UNIT


def placed(
    points: tuple[np.ndarray, np.ndarray], pairs: np.ndarray, sides: tuple[float, float]
) -> list[np.ndarray]:
    """Both ends of each match, n x 2, in hundredths of their canvases' longer sides."""
    return [points[i][pairs[:, i]] / sides[i] * UNIT for i in (0, 1)]


def mutual(first: np.ndarray, second: np.ndarray, ratio: float) -> np.ndarray:
    """Pairs (row, row) that are each other's nearest, clearly nearer than the first's next one."""
    if len(first) < 1 or len(second) < 2:
        return np.empty((0, 2), int)
    one, other = first.astype(np.float32), second.astype(np.float32)
    # minus half the squared distances; in place, since this is where the time goes
    alike = one @ other.T
    alike -= np.einsum("kd,kd->k", other, other) / 2
    alike -= np.einsum("kd,kd->k", one, one)[:, None] / 2
    rows, nearest = np.arange(len(one)), alike.argmax(axis=1)
    back = np.ascontiguousarray(alike.T).argmax(axis=1)
    distance = np.sqrt(np.maximum(-2 * alike[rows, nearest], 0))
    alike[rows, nearest] = -np.inf
    rival = np.sqrt(np.maximum(-2 * alike.max(axis=1), 0))
    clear = (back[nearest] == rows) & (distance < ratio * rival)
    return np.column_stack([np.flatnonzero(clear), nearest[clear]])


def fitted(
    here: np.ndarray, there: np.ndarray, tolerance: float, model: str
) -> tuple[np.ndarray | None, np.ndarray]:
    """One plausible map of n point pairs and which of them fit it, found by MAGSAC (Barath et al.
    2020); None where there is none.
    """
    find = cv2.estimateAffine2D if model == "affine" else cv2.findHomography
    matrix, found = find(
        here,
        there,
        method=cv2.USAC_MAGSAC,
        ransacReprojThreshold=tolerance,
        maxIters=TRIALS,
        confidence=CONFIDENCE,
    )
    if matrix is None or not plausible(matrix[:2, :2]):
        return None, np.zeros(len(here), bool)
    return matrix, found.ravel().astype(bool)


def plausible(linear: np.ndarray) -> bool:
    """No mirror image, and no side stretched or squeezed out of reason (2 x 2; of a homography, its
    linear part).
    """
    stretches = np.linalg.svd(linear, compute_uv=False)
    return bool(np.linalg.det(linear) > 0 and stretches[0] < LARGEST and stretches[1] > SMALLEST)


def coverage(points: np.ndarray, width: float, height: float) -> float:
    """The share of a canvas inside the hull of n points; 0 for fewer than three."""
    if len(points) < 3:
        return 0.0
    return float(cv2.contourArea(cv2.convexHull(points.astype(np.float32))) / (width * height))
