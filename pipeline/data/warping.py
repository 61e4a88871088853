"""Pictures under a 2x3 transform, without the noise that shrinking makes of fine patterns."""

import cv2
import numpy as np


def warp(
    picture: np.ndarray, matrix: np.ndarray, width: int, height: int, border: int
) -> np.ndarray:
    """The picture (uint8 H x W or H x W x 3) under the 2x3 transform, at height x width.

    What the transform shrinks is first shrunk by averaging: bilinear warping looks at four pixels
    only, and fine patterns would turn into noise.
    """
    rows, columns = picture.shape[:2]
    across, down = np.minimum(1.0, np.hypot(matrix[0, :2], matrix[1, :2]))
    size = max(1, round(columns * across)), max(1, round(rows * down))
    if size != (columns, rows):
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        matrix = matrix @ enlarging(columns / size[0], rows / size[1])
    return cv2.warpAffine(
        picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border
    )


def enlarging(across: float, down: float) -> np.ndarray:
    """The 3x3 map of pixel centres from a shrunk picture to the one it came from."""
    return np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])
