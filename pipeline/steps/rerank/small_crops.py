"""Crops that are small enough for a network to be trained on within minutes."""

from pathlib import Path

import cv2
import numpy as np

from pipeline.data import tables


def load_small_crops(crops: Path, height: int) -> np.ndarray:
    """The colours of every packed crop, n x 3 x `height` x W from 0 to 1 (float32).

    The width preserves the crop's proportions, to the nearest multiple of 16 pixels, 16 at least.
    """
    packed = tables.open_array(crops)
    full_height, full_width = packed.shape[1:3]
    width = max(16, round(full_width * height / full_height / 16) * 16)
    shrunk = np.empty((len(packed), 3, height, width), np.float32)
    for target, crop in zip(shrunk, packed, strict=True):
        small = cv2.resize(crop[..., :3], (width, height), interpolation=cv2.INTER_AREA)
        target[:] = small.transpose(2, 0, 1) / 255
    return shrunk
