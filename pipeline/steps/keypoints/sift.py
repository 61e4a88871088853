"""RootSIFT: Lowe's features, compared as histograms are (Arandjelovic and Zisserman 2012)."""

import cv2
import numpy as np

from pipeline.params import Keypoints as Settings

LEVELS = 255  # a descriptor has length 1 and no negative numbers: it is kept in bytes


def find(
    grey: np.ndarray, mask: np.ndarray | None, settings: Settings
) -> tuple[np.ndarray, np.ndarray]:
    """The strongest points of a uint8 H x W canvas inside its mask: k x 2 and k x 128 uint8.

    Upright features know no turning: they tell a stripe from a belly line, and a head up from a
    head down. The others are turned to their own direction, and a point may have several.
    """
    sift = cv2.SIFT_create(contrastThreshold=settings.contrast)
    points = sift.detect(grey, mask)
    if settings.upright:
        points = upright(points)
    points = sorted(points, key=lambda point: (-point.response, point.pt))[: settings.count]
    if not points:
        return np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8)
    points, descriptors = sift.compute(grey, points)
    return np.array([point.pt for point in points], np.float32), rooted(descriptors)


def upright(points: list[cv2.KeyPoint]) -> list[cv2.KeyPoint]:
    """Each place and size once, with direction 0."""
    places = {(*point.pt, point.size): point for point in points}
    for point in places.values():
        point.angle = 0
    return list(places.values())


def rooted(descriptors: np.ndarray) -> np.ndarray:
    """k x 128 SIFT histograms to their square roots as bytes, LEVELS for 1."""
    shares = descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9)
    return np.rint(LEVELS * np.sqrt(shares)).astype(np.uint8)
