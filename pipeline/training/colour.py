"""The random colours of a view, by lookup tables."""

import functools
from random import Random

import cv2
import numpy as np

from pipeline.params import Augment

CONTRAST, HUE = 0.8, 0.5  # probabilities of a change
LEVELS = np.arange(256, dtype=np.float32)
HUES = 180  # OpenCV's, of half a degree


def recolour(planes: np.ndarray, strength: Augment, random: Random) -> None:
    """Change contrast, brightness, hue and saturation, or make it grey, in place.

    planes : 3 x H x W uint8, RGB
    """
    if (strength.brightness or strength.contrast) and random.random() < CONTRAST:
        contrast = 1 + random.uniform(-strength.contrast, strength.contrast)
        brightness = 255 * random.uniform(-strength.brightness, strength.brightness)
        table = _round(LEVELS * contrast + brightness)
        for plane in planes:
            cv2.LUT(plane, table, plane)
    if strength.hue and random.random() < HUE:
        hue = random.uniform(-strength.hue, strength.hue)
        saturation = random.uniform(-strength.hue, strength.hue)
        _shift_hue(planes, HUES * hue, 2 * 255 * saturation)
    if random.random() < strength.grey:
        picture = cv2.merge(list(planes), _buffers(planes.shape[1:])[0])
        cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY, planes[0])
        planes[1:] = planes[0]


def _shift_hue(planes: np.ndarray, hue: float, saturation: float) -> None:
    """Shift the hue in half degrees and the saturation in levels; grey stays grey."""
    saturations = _round(LEVELS + saturation)
    saturations[0] = 0
    channels, (picture, hsv) = list(planes), _buffers(planes.shape[1:])
    cv2.merge(channels, picture)
    # in place, OpenCV would copy the picture first
    cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV, hsv), channels)
    cv2.LUT(planes[0], ((LEVELS + hue) % HUES).astype(np.uint8), planes[0])
    cv2.LUT(planes[1], saturations, planes[1])
    cv2.merge(channels, hsv)
    cv2.split(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB, picture), channels)


@functools.lru_cache(maxsize=1)
def _buffers(shape: tuple[int, int]) -> list[np.ndarray]:
    """Two H x W x 3 arrays for all views of this process: new memory costs as much again."""
    return [_misalign(3 * shape[0] * shape[1]).reshape(*shape, 3) for _ in range(2)]


def _misalign(size: int) -> np.ndarray:
    """Return new memory that begins one byte behind a multiple of 64.

    OpenCV merges planes into aligned memory past the caches: what reads it next takes twice as
    long.
    """
    memory = np.empty(size + 64, np.uint8)
    begin = (1 - memory.ctypes.data) % 64
    return memory[begin : begin + size]


def _round(levels: np.ndarray) -> np.ndarray:
    return np.rint(levels).clip(0, 255).astype(np.uint8)
