"""The random warp of a view: rotation, shift, zoom, shear and perspective in one interpolation."""

from math import cos, radians, sin, tan
from random import Random

import cv2
import numpy as np

from pipeline.params import Augment

TILTED = 0.5  # probability of a perspective
# a corner never moves further than this fraction of the crop's side
CORNER_LIMIT = 0.32


def sample_matrix(strength: Augment, height: int, width: int, random: Random) -> np.ndarray | None:
    """Sample the 3 x 3 matrix from pixels of the crop to pixels of the view; None if all is off.

    The distribution is that of albumentations' Affine and, with probability 0.5, Perspective.
    """
    matrix = None
    if strength.rotate or strength.shift or strength.zoom or strength.shear:
        matrix = _sample_affine(strength, height, width, random)
    if strength.perspective and random.random() < TILTED:
        tilt = _sample_perspective(strength.perspective, height, width, random)
        matrix = tilt if matrix is None else tilt @ matrix
    return matrix


def _sample_affine(strength: Augment, height: int, width: int, random: Random) -> np.ndarray:
    """Zoom, then rotate and shear, around the centre; then shift by whole pixels."""

    def sample(bound: float) -> float:
        return random.uniform(-bound, bound)

    angle = radians(sample(strength.rotate))
    shear_x, shear_y = tan(radians(sample(strength.shear))), tan(radians(sample(strength.shear)))
    zoom_x, zoom_y = 1 + sample(strength.zoom), 1 + sample(strength.zoom)
    across, down = int(sample(strength.shift) * width), int(sample(strength.shift) * height)
    a, b = zoom_x * cos(angle), zoom_y * sin(angle)
    c, d = -zoom_x * sin(angle), zoom_y * cos(angle)
    a, b, c, d = a + shear_x * c, b + shear_x * d, c + shear_y * a, d + shear_y * b
    x, y = width / 2 - 0.5, height / 2 - 0.5
    return np.array(
        [[a, b, x + across - a * x - b * y], [c, d, y + down - c * x - d * y], [0.0, 0.0, 1.0]]
    )


def _sample_perspective(strength: float, height: int, width: int, random: Random) -> np.ndarray:
    """Move the four corners inwards to the corners of the view.

    The size of the result is kept as albumentations keeps it: by a zoom.
    """
    deviation = random.uniform(0, strength)
    inwards = [abs(random.gauss(0, deviation)) % CORNER_LIMIT for _ in range(8)]
    corners = [
        (inwards[0] * width, inwards[1] * height),
        ((1 - inwards[2]) * width, inwards[3] * height),
        ((1 - inwards[4]) * width, (1 - inwards[5]) * height),
        (inwards[6] * width, (1 - inwards[7]) * height),
    ]
    view = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(np.array(corners, np.float32), view)
    top_left, top_right, bottom_right, bottom_left = corners
    zoom_x = width / int(max(_distance(top_right, top_left), _distance(bottom_right, bottom_left)))
    zoom_y = height / int(max(_distance(bottom_right, top_right), _distance(bottom_left, top_left)))
    matrix[0] *= zoom_x
    matrix[1] *= zoom_y
    return matrix


def _distance(first: tuple[float, float], second: tuple[float, float]) -> float:
    return ((first[0] - second[0]) ** 2 + (first[1] - second[1]) ** 2) ** 0.5


def warp(
    crop: np.ndarray, matrix: np.ndarray | None, flipped: bool, out: np.ndarray | None = None
) -> np.ndarray:
    """Warp a crop, or its mirror image, H x W x 4 uint8; its border is repeated outside.

    out : where to, if it has the crop's shape: new memory takes a fifth of the warp's time
    """
    if matrix is None:
        return cv2.flip(crop, 1) if flipped else crop
    height, width = crop.shape[:2]
    if flipped:
        matrix = matrix @ np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])
    affine = matrix[2, 0] == 0 and matrix[2, 1] == 0
    transform, matrix = (cv2.warpAffine, matrix[:2]) if affine else (cv2.warpPerspective, matrix)
    return transform(crop, matrix, (width, height), out, borderMode=cv2.BORDER_REPLICATE)
