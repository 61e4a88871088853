"""Crops, masks and matched points on the photograph, in thousandths of its sides.

One drawing in thousandths fits the picture at every size.
"""

import cv2
import numpy as np

from pipeline.data import tables

TOLERANCE = 0.004  # of a mask's outline, as a fraction of its length


def to_flat_list(points: np.ndarray, width: int, height: int) -> list[int]:
    """n x 2 pixel centres of a photograph, as one flat list x, y, x, y, ... of thousandths."""
    return to_thousandths(points, np.array([width, height])).ravel().tolist()


def to_thousandths(points: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """n x 2 pixel centres as thousandths of photographs of these sizes (2, or n x 2), n x 2 int."""
    return np.rint(np.clip((points + 0.5) / sizes, 0, 1) * 1000).astype(int)


def outline_crop(row: dict, crop: tuple[int, int], width: int, height: int) -> list[int]:
    """The four corners of the crop on a photograph of that width and height.

    row : of the "boxes" table; crop : the crop's width and height
    """
    right, bottom = crop[0] - 0.5, crop[1] - 0.5
    corners = np.array([[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]])
    return to_flat_list(map_back(corners, read_transform(row)), width, height)


def outline_mask(mask: np.ndarray, row: dict, width: int, height: int) -> list[int]:
    """The simplified outline of the crop's mask (H x W, 0 or 255); empty without a mask."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours or mask.all():
        return []
    largest = max(contours, key=cv2.contourArea)
    tolerance = TOLERANCE * cv2.arcLength(largest, True)
    corners = cv2.approxPolyDP(largest, tolerance, True)[:, 0].astype(float)
    return to_flat_list(map_back(corners, read_transform(row)), width, height)


def read_transform(row: dict) -> np.ndarray:
    """The 2x3 transform from photograph to crop pixels of a row of the "boxes" table."""
    return np.array([row[name] for name in tables.TRANSFORM], dtype=float).reshape(2, 3)


def map_back(points: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """n x 2 points before a 2x3 transform was applied to them."""
    return (points - transform[:, 2]) @ np.linalg.inv(transform[:, :2]).T
