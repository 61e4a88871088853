"""The pose of a fluke: from the flat drawing to its place in a photograph."""

import cv2
import numpy as np

from pipeline.demo.outline import CENTRE, NOTCH, SPAN

YAW, PITCH, TILT = 30, 26, 25  # largest angles in degrees
CURL = 0.18  # largest rise of a tip in half-spans
FOLD = 0.20  # largest fraction of its length that a lobe loses by turning away


def sample_pose(
    rng: np.random.Generator, height: int, width: int, tilt: float
) -> tuple[np.ndarray, np.ndarray]:
    """Sample the maps x, y from photograph pixels to the drawing, each (height, width) float32."""
    matrix = _sample_projection(rng, height, width, tilt)
    inverse = np.linalg.inv(matrix).astype(np.float32)
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    w = inverse[2, 0] * columns + inverse[2, 1] * rows + inverse[2, 2]
    w = np.where(w > 1e-6, w, np.float32(np.nan))
    u = (inverse[0, 0] * columns + inverse[0, 1] * rows + inverse[0, 2]) / w
    v = (inverse[1, 0] * columns + inverse[1, 1] * rows + inverse[1, 2]) / w
    return _unbend(rng, u, v)


def _unbend(
    rng: np.random.Generator, u: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Undo the bending of each lobe: it folds towards the camera and curls up or down."""
    fold = 1 / (1 - FOLD * rng.random(2)).astype(np.float32)
    curl = rng.normal(0, CURL / 2, 2).clip(-CURL, CURL).astype(np.float32)
    right = u > 0
    u = u * np.where(right, fold[0], fold[1])
    v = v - np.where(right, curl[0], curl[1]) * u * u
    v = v * np.float32(rng.uniform(0.88, 1.14))
    x, y = CENTRE + SPAN * u, NOTCH - SPAN * v
    return np.nan_to_num(x, nan=-1e3), np.nan_to_num(y, nan=-1e3)


def _sample_projection(
    rng: np.random.Generator, height: int, width: int, tilt: float
) -> np.ndarray:
    """Sample the homography (3, 3) from the plane of the fluke, in half-spans, to pixels."""
    yaw = np.radians(np.clip(rng.normal(0, YAW / 1.8), -YAW, YAW))
    pitch = np.radians(rng.uniform(-PITCH, PITCH))
    turn = cv2.Rodrigues(np.array([0, yaw, 0.0]))[0]
    turn = cv2.Rodrigues(np.array([pitch, 0, 0.0]))[0] @ turn
    turn = cv2.Rodrigues(np.array([0, 0, tilt]))[0] @ turn
    flip = np.diag([1.0, -1.0, 1.0]) @ turn  # rows of a photograph run down
    distance = rng.uniform(2.4, 6.0)
    half = min(0.5 * width * rng.uniform(0.50, 0.95), 0.95 * height)
    camera = np.diag([half * distance, half * distance, 1.0])
    centre = np.array([rng.uniform(0.38, 0.62) * width, rng.uniform(0.28, 0.50) * height])
    camera[:2, 2] = centre
    return camera @ np.column_stack([flip[:, 0], flip[:, 1], [0, 0, distance]])
