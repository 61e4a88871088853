"""Smooth random fields for seas, skins and skies."""

import cv2
import numpy as np


def sample_noise(
    rng: np.random.Generator, height: int, width: int, rows: int, columns: int
) -> np.ndarray:
    """Sample smooth noise (height, width), of unit variance at its rows x columns knots."""
    knots: np.ndarray = rng.standard_normal((rows, columns), dtype=np.float32)
    if 8 * rows <= height:  # cubic only if it is visible, and at a quarter of the size: it is slow
        size = width // 4, height // 4
        knots = cv2.resize(knots, size, interpolation=cv2.INTER_CUBIC)
    return cv2.resize(knots, (width, height), interpolation=cv2.INTER_LINEAR)


def sample_curve(rng: np.random.Generator, points: int, knots: int) -> np.ndarray:
    """Sample smooth noise along a line, (points,)."""
    line = rng.standard_normal((1, knots), dtype=np.float32)
    return cv2.resize(line, (points, 1), interpolation=cv2.INTER_CUBIC)[0]


def sample_octaves(
    rng: np.random.Generator, height: int, width: int, cells: list[tuple]
) -> np.ndarray:
    """Sample a sum of noises; `cells` has rows, columns and amplitude of each."""
    return sum(amplitude * sample_noise(rng, height, width, r, c) for r, c, amplitude in cells)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
