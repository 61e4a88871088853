"""Smooth random fields, the stuff of seas, skins and skies."""

import cv2
import numpy as np


def noise(rng: np.random.Generator, height: int, width: int, rows: int, columns: int) -> np.ndarray:
    """Smooth noise (height, width) of unit variance at its rows x columns random knots."""
    knots = rng.standard_normal((rows, columns), dtype=np.float32)
    if 8 * rows <= height:  # cubic where it shows, and only as far as it shows: it is slow
        size = width // 4, height // 4
        knots = cv2.resize(knots, size, interpolation=cv2.INTER_CUBIC)
    return cv2.resize(knots, (width, height), interpolation=cv2.INTER_LINEAR)


def curve(rng: np.random.Generator, points: int, knots: int) -> np.ndarray:
    """Smooth noise along a line, (points,)."""
    line = rng.standard_normal((1, knots), dtype=np.float32)
    return cv2.resize(line, (points, 1), interpolation=cv2.INTER_CUBIC)[0]


def octaves(rng: np.random.Generator, height: int, width: int, cells: list[tuple]) -> np.ndarray:
    """A sum of noises; `cells` holds (rows, columns, amplitude) of each."""
    return sum(amplitude * noise(rng, height, width, r, c) for r, c, amplitude in cells)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
