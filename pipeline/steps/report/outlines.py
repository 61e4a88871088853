"""Where the crop, the mask and a matched point lie on the photograph, in thousandths of its sides.

Thousandths, since one drawing then fits the picture at every size.
"""

import cv2
import numpy as np

from pipeline.data import tables

LOOSE = 0.004  # how far a mask's outline may be off, as a share of its length


def whole(points: np.ndarray, width: int, height: int) -> list[int]:
    """n x 2 pixel centres of a photograph, as one flat list x, y, x, y, ... of thousandths."""
    return thousandths(points, np.array([width, height])).ravel().tolist()


def thousandths(points: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """n x 2 pixel centres as thousandths of photographs of these sizes (2, or n x 2), n x 2 int."""
    return np.rint(np.clip((points + 0.5) / sizes, 0, 1) * 1000).astype(int)


def frame(row: dict, crop: tuple[int, int], width: int, height: int) -> list[int]:
    """The four corners of what was cut out.

    row : of the "boxes" table; crop : the crop's width and height
    """
    right, bottom = crop[0] - 0.5, crop[1] - 0.5
    corners = np.array([[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]])
    return whole(before(corners, matrix(row)), width, height)


def outline(mask: np.ndarray, row: dict, width: int, height: int) -> list[int]:
    """The outline of the crop's mask (H x W, 0 or 255), about; empty without a mask."""
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not found or mask.all():
        return []
    largest = max(found, key=cv2.contourArea)
    loose = LOOSE * cv2.arcLength(largest, True)
    corners = cv2.approxPolyDP(largest, loose, True)[:, 0].astype(float)
    return whole(before(corners, matrix(row)), width, height)


def matrix(row: dict) -> np.ndarray:
    """The 2x3 transform from photograph to crop pixels of a row of the "boxes" table."""
    return np.array([row[name] for name in tables.TRANSFORM], dtype=float).reshape(2, 3)


def before(points: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """Where n x 2 points were before a 2x3 transform."""
    return (points - transform[:, 2]) @ np.linalg.inv(transform[:, :2]).T
