"""Crops small enough for a network that learns within minutes."""

from pathlib import Path

import cv2
import numpy as np


def small_crops(crops: Path, height: int) -> np.ndarray:
    """Every packed crop's colours, n x 3 x `height` x W of 0 to 1 (float32).

    The width keeps the crop's proportions, to the nearest 16 pixels, 16 at least.
    """
    packed = np.load(crops, mmap_mode="r")
    whole, across = packed.shape[1:3]
    width = max(16, round(across * height / whole / 16) * 16)
    shrunk = np.empty((len(packed), 3, height, width), np.float32)
    for own, crop in zip(shrunk, packed, strict=True):
        small = cv2.resize(crop[..., :3], (width, height), interpolation=cv2.INTER_AREA)
        own[:] = small.transpose(2, 0, 1) / 255
    return shrunk
