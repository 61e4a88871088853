"""Descriptors of a trailing edge: windows of its integral curvature.

The integral curvature of a point is the fraction of a disc around it that lies below the edge: half
on a straight line, more in a notch, less on a spike (Pottmann et al. 2009, "Integral invariants for
robust geometry processing"; Weideman et al. 2017). Discs of several sizes see serration and lobes.
A tilt hardly changes it, nor does the water that hides another part of the edge.
"""

import cv2
import numpy as np

from pipeline.data.features import EDGE_NUMBERS
from pipeline.steps.keypoints.trailing_edge import HEIGHT, SPAN, WIDTH, resample, smooth

POINTS = 256  # whose curvature is measured, along the edge
RADII = (0.03, 0.05, 0.08, 0.12)  # of the discs, in spans
WINDOWS = (48, 96)  # points of a window
STRIDE = 4  # points between windows
SAMPLES = 16  # points of a window that its descriptor has
PLACES = EDGE_NUMBERS - SAMPLES * len(RADII)  # numbers that repeat where the window lies
PLACE_WEIGHT = 1.2  # of a place from 0 to 1, in units of curvature
CONTRAST = 0.225  # mean square of a descriptor's curvatures, so that all windows say as much
SHRINK = 2  # areas are measured at half the resolution
FINE = 4  # times finer is the drawing: OpenCV draws a polygon half a pixel too large
LEVELS = 255  # a byte per number


def describe(edge: np.ndarray) -> np.ndarray:
    """Describe an edge (n x 2, `trailing_edge.trace`) by its windows, k x EDGE_NUMBERS uint8."""
    curvatures = measure_curvature(resample(smooth(edge, 1.0), POINTS))
    return np.concatenate([cut_windows(curvatures, length) for length in WINDOWS])


def measure_curvature(edge: np.ndarray) -> np.ndarray:
    """The integral curvature of n points (n x 2): n x len(RADII), from 0 to 1."""
    region = fill_below(edge)
    at = (((edge + 0.5) / SHRINK) - 0.5).astype(np.float32)
    areas = [cv2.filter2D(region, cv2.CV_32F, draw_disc(radius)) for radius in RADII]
    at = at[None]
    values = [cv2.remap(area, at[..., 0], at[..., 1], cv2.INTER_LINEAR)[0] for area in areas]
    return np.stack(values, axis=1)


def fill_below(edge: np.ndarray) -> np.ndarray:
    """What lies below the edge, continued level to both sides: 1 there, 0 above, float32."""
    bottom = HEIGHT + int(max(RADII) * SPAN)
    left, right = [-1, edge[0, 1]], [WIDTH, edge[-1, 1]]
    outline = np.concatenate([[left], edge, [right], [[WIDTH, bottom], [-1, bottom]]])
    size = WIDTH // SHRINK, bottom // SHRINK
    drawn = np.zeros((size[1] * FINE, size[0] * FINE), np.uint8)
    corners = (outline + 0.5) * (FINE / SHRINK) - 0.5
    cv2.fillPoly(drawn, [np.rint(corners * 16).astype(np.int32)], 1, shift=4)
    return cv2.resize(drawn.astype(np.float32), size, interpolation=cv2.INTER_AREA)


def draw_disc(radius: float) -> np.ndarray:
    """A disc whose sum is 1; `radius` is in spans."""
    pixels = radius * SPAN / SHRINK
    reach = int(np.ceil(pixels))
    across, down = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(pixels + 0.5 - np.hypot(across, down), 0, 1).astype(np.float32)
    return disc / disc.sum()


def cut_windows(curvatures: np.ndarray, length: int) -> np.ndarray:
    """The descriptors of all windows of one length, k x EDGE_NUMBERS uint8.

    Curvature without the half that a straight line has, at one contrast, and the window's place.
    """
    starts = np.arange(0, len(curvatures) - length + 1, STRIDE)
    at = np.rint(np.linspace(0, length - 1, SAMPLES)).astype(int)
    windows = (curvatures[starts[:, None] + at] - 0.5).reshape(len(starts), -1)
    size = np.sqrt(np.mean(windows**2, axis=1, keepdims=True))
    windows = windows * CONTRAST / np.maximum(size, 1e-6)
    places = (starts + length / 2) / len(curvatures) - 0.5
    places = np.repeat(PLACE_WEIGHT * places[:, None], PLACES, axis=1)
    numbers = np.concatenate([windows, places], axis=1)
    return np.clip(np.rint(LEVELS * (numbers + 0.5)), 0, LEVELS).astype(np.uint8)
