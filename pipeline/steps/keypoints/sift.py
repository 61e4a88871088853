"""RootSIFT: SIFT with the Hellinger kernel (Lowe 2004; Arandjelovic and Zisserman 2012)."""

from collections.abc import Sequence
from itertools import islice

import cv2
import numpy as np

from pipeline.params import Keypoints as Settings
from pipeline.steps.keypoints.whitening import load_map

Region = tuple[np.ndarray, int]  # a mask, uint8 H x W, and how many points are wanted in it

LEVELS = 255  # RootSIFT's descriptors are non-negative unit vectors: they are stored as bytes


def detect(
    grey: np.ndarray, regions: Sequence[Region], settings: Settings
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the strongest points of a canvas in each region, and their descriptors.

    `grey` is uint8 H x W; the points are k x 2 float32, the descriptors k x 128 uint8.

    Upright features ignore orientation, so that they distinguish a stripe from a belly line, and a
    head up from a head down. Other features are rotated to their own orientation, and a point may
    have several.
    """
    sift = cv2.SIFT.create(contrastThreshold=settings.contrast)
    points = sift.detect(grey)
    if settings.upright:
        points = make_upright(points)
    points = sorted(points, key=lambda point: (-point.response, point.pt))
    chosen = [select_inside(points, *region) for region in regions]
    # all at once: the scales of the canvas, half of the time, are computed once
    wide = enlarge([point for part in chosen for point in part], settings.patch)
    descriptors = describe(sift, grey, wide)
    if settings.whiten:
        descriptors = load_map().map_descriptors(descriptors)
    ends = np.cumsum([len(part) for part in chosen])
    places = [np.array([point.pt for point in part], np.float32).reshape(-1, 2) for part in chosen]
    return list(zip(places, np.split(descriptors, ends[:-1]), strict=True))


def select_inside(points: list[cv2.KeyPoint], mask: np.ndarray, count: int) -> list[cv2.KeyPoint]:
    """The first `count` points whose pixel the mask has."""
    inside = (point for point in points if mask[int(point.pt[1] + 0.5), int(point.pt[0] + 0.5)])
    return list(islice(inside, count))


def describe(sift: cv2.SIFT, grey: np.ndarray, points: list[cv2.KeyPoint]) -> np.ndarray:
    """The descriptors of these points, k x 128 uint8."""
    if not points:
        return np.empty((0, 128), np.uint8)
    _, descriptors = sift.compute(grey, points)
    return to_root_sift(descriptors)


def make_upright(points: Sequence[cv2.KeyPoint]) -> list[cv2.KeyPoint]:
    """Keep each location and size once, with orientation 0."""
    unique = {(*point.pt, point.size): point for point in points}
    for point in unique.values():
        point.angle = 0
    return list(unique.values())


def enlarge(points: list[cv2.KeyPoint], patch: float) -> list[cv2.KeyPoint]:
    """Multiply the sizes of points by `patch`, so that more around them is described."""
    for point in points:
        point.size *= patch
    return points


def to_root_sift(descriptors: np.ndarray) -> np.ndarray:
    """Convert k x 128 SIFT histograms to the square roots of their fractions, as bytes."""
    fractions = descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9)
    return np.rint(LEVELS * np.sqrt(fractions)).astype(np.uint8)
