"""Photographs as thumbnails that are small enough for thousands of them to fit into one file."""

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import cv2
import numpy as np

from pipeline.data import images
from pipeline.system import machine

SIZES = (512, 384, 288, 216, 160, 120, 90, 64)  # pixels of the longer side, the best first
QUALITY = 55  # of WebP
SAMPLE = 60  # photographs by which the size of all is estimated


def encode_within_budget(paths: Sequence[str], budget: float) -> list[str]:
    """Every photograph as base64 WebP, all of one size.

    The size is the largest of SIZES whose estimated sum fits `budget` bytes, or the smallest.
    """
    sample = paths[:: max(len(paths) // SAMPLE, 1)]
    for size in SIZES:
        lengths = [len(text) for text in encode_all(sample, size)]
        if np.mean(lengths or [0]) * len(paths) <= budget:
            break
    return encode_all(paths, size)


def encode_all(paths: Sequence[str], size: int) -> list[str]:
    """Every photograph as base64 WebP, its longer side at most `size` pixels."""
    with ThreadPoolExecutor(machine.count_cores()) as pool:
        return list(pool.map(partial(encode_file, size), paths))


def encode_file(size: int, path: str) -> str:
    """A photograph of a file as base64 WebP, its longer side at most `size` pixels."""
    with images.open_rgb(path) as photograph:
        return encode_webp(photograph, size)


def encode_webp(picture: np.ndarray, size: int) -> str:
    """An H x W x 3 RGB picture as base64 WebP, its longer side at most `size` pixels."""
    height, width = picture.shape[:2]
    scale = min(size / max(height, width), 1.0)
    shape = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(picture, shape, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(
        ".webp", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, QUALITY]
    )
    return base64.b64encode(data.tobytes()).decode()
