"""Photographs small enough that thousands fit into one page."""

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from pipeline.data import images
from pipeline.system import machine

SIZES = (512, 384, 288, 216, 160, 120, 90, 64)  # pixels of the longer side, the best first
QUALITY = 55  # of WebP
SAMPLE = 60  # photographs that tell how large all will be


def fitting(paths: Sequence[str], budget: float) -> list[str]:
    """Every photograph as base64 WebP, all of one size: the largest whose sum fits `budget` bytes,
    as far as a sample tells; the smallest where none does.
    """
    sample = paths[:: max(len(paths) // SAMPLE, 1)]
    for size in SIZES:
        expected = np.mean([len(one) for one in shrunk(sample, size)] or [0]) * len(paths)
        if expected <= budget:
            break
    return shrunk(paths, size)


def shrunk(paths: Sequence[str], size: int) -> list[str]:
    """Every photograph as base64 WebP, its longer side at most `size` pixels."""
    with ThreadPoolExecutor(machine.cores()) as pool:
        return list(pool.map(lambda path: encoded(images.read_rgb(path), size), paths))


def encoded(picture: np.ndarray, size: int) -> str:
    """An H x W x 3 RGB picture as base64 WebP, its longer side at most `size` pixels."""
    height, width = picture.shape[:2]
    scale = min(size / max(height, width), 1.0)
    shape = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(picture, shape, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(
        ".webp", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, QUALITY]
    )
    return base64.b64encode(data.tobytes()).decode()
