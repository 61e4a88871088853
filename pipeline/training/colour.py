"""The random colours of a view, by lookup tables."""

from random import Random

import cv2
import numpy as np

from pipeline.params import Augment

CONTRAST, HUE = 0.8, 0.5  # probabilities of a change
LEVELS = np.arange(256, dtype=np.float32)
HUES = 180  # OpenCV's, of half a degree


def recolour(picture: np.ndarray, strength: Augment, random: Random) -> None:
    """Change contrast, brightness, hue and saturation, or make it grey, in place.

    picture : H x W x 3 uint8, RGB
    """
    if (strength.brightness or strength.contrast) and random.random() < CONTRAST:
        contrast = 1 + random.uniform(-strength.contrast, strength.contrast)
        brightness = 255 * random.uniform(-strength.brightness, strength.brightness)
        cv2.LUT(picture, _round(LEVELS * contrast + brightness), picture)
    if strength.hue and random.random() < HUE:
        hue = random.uniform(-strength.hue, strength.hue)
        saturation = random.uniform(-strength.hue, strength.hue)
        _shift_hue(picture, HUES * hue, 2 * 255 * saturation)
    if random.random() < strength.grey:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB, picture)


def _shift_hue(picture: np.ndarray, hue: float, saturation: float) -> None:
    """Shift the hue in half degrees and the saturation in levels; grey stays grey."""
    tables = np.empty((256, 1, 3), np.uint8)
    tables[:, 0, 0] = (LEVELS + hue) % HUES
    tables[:, 0, 1] = _round(LEVELS + saturation)
    tables[0, 0, 1] = 0
    tables[:, 0, 2] = LEVELS
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    cv2.cvtColor(cv2.LUT(hsv, tables, hsv), cv2.COLOR_HSV2RGB, picture)


def _round(levels: np.ndarray) -> np.ndarray:
    return np.rint(levels).clip(0, 255).astype(np.uint8)
