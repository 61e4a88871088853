"""Images under a 2x3 transform, without the aliasing that shrinking makes of fine patterns."""

import cv2
import numpy as np


def warp(image: np.ndarray, matrix: np.ndarray, width: int, height: int, border: int) -> np.ndarray:
    """Warp an image (uint8 H x W or H x W x 3) by a 2x3 transform, to height x width.

    Where the transform shrinks, the image is first shrunk by averaging: bilinear warping reads four
    pixels only, and fine patterns would turn into noise.

    border : OpenCV's border mode
    """
    rows, columns = image.shape[:2]
    across, down = np.minimum(1.0, np.hypot(matrix[0, :2], matrix[1, :2]))
    size = max(1, round(columns * across)), max(1, round(rows * down))
    if size != (columns, rows):
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        matrix = matrix @ enlarging_matrix(columns / size[0], rows / size[1])
    return cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border)


def enlarging_matrix(across: float, down: float) -> np.ndarray:
    """The 3x3 transform of pixel centres from a shrunk image to its original."""
    return np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])
