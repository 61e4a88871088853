"""RootSIFT: SIFT with the Hellinger kernel (Lowe 2004; Arandjelovic and Zisserman 2012)."""

from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.params import Keypoints as Settings

LEVELS = 255  # descriptors are non-negative unit vectors: they are stored as bytes


def detect(
    grey: np.ndarray, mask: np.ndarray | None, settings: Settings
) -> tuple[np.ndarray, np.ndarray]:
    """Return the strongest points of a canvas inside its mask, and their descriptors.

    `grey` and `mask` are uint8 H x W; the points are k x 2 float32, the descriptors k x 128 uint8.

    Upright features ignore orientation, so that they distinguish a stripe from a belly line, and a
    head up from a head down. Other features are rotated to their own orientation, and a point may
    have several.
    """
    sift = cv2.SIFT.create(contrastThreshold=settings.contrast)
    points = sift.detect(grey, mask)
    if settings.upright:
        points = make_upright(points)
    points = sorted(points, key=lambda point: (-point.response, point.pt))[: settings.count]
    if not points:
        return np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8)
    points, descriptors = sift.compute(grey, points)
    return np.array([point.pt for point in points], np.float32), to_root_sift(descriptors)


def make_upright(points: Sequence[cv2.KeyPoint]) -> list[cv2.KeyPoint]:
    """Keep each location and size once, with orientation 0."""
    unique = {(*point.pt, point.size): point for point in points}
    for point in unique.values():
        point.angle = 0
    return list(unique.values())


def to_root_sift(descriptors: np.ndarray) -> np.ndarray:
    """Convert k x 128 SIFT histograms to the square roots of their fractions, as bytes."""
    fractions = descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9)
    return np.rint(LEVELS * np.sqrt(fractions)).astype(np.uint8)
