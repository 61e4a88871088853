"""What spoils a view: blur, noise, erased rectangles. All work in place on C x H x W uint8."""

import functools
from random import Random

import cv2
import numpy as np

SIZES = (3, 5, 5)  # of the blur in pixels, equally often
SIGMA = (0.5, 3.0)  # of the blur in pixels
NOISE = (0.02, 0.1)  # standard deviation as a fraction of white; more drowns the animal
ERASED = (0.1, 0.3)  # fraction of the crop's side
# noise is a stretch of one sequence, from a random place: normal deviates for every pixel of a view
# would take as long as everything else together
PLACES = 1 << 16
LARGEST = 1 << 20  # pixel values of one stretch; larger pictures are filled by repeating it
ZERO, FINE = 128, 32  # the code of a deviate of 0, and codes per standard deviation


def blur(planes: np.ndarray, random: Random) -> None:
    """Blur by a Gaussian of random width."""
    size, sigma = random.choice(SIZES), random.uniform(*SIGMA)
    for plane in planes:
        cv2.GaussianBlur(plane, (size, size), sigma, plane)


def add_noise(planes: np.ndarray, random: Random) -> None:
    """Add normal noise of one random standard deviation."""
    deviation, place = 255 * random.uniform(*NOISE), random.randrange(PLACES)
    codes = _deviates()[place : place + min(planes.size, LARGEST)]
    codes = codes if planes.size <= LARGEST else np.resize(codes, planes.size)
    # with an offset, since a picture of signed levels would take OpenCV three times as long to add
    levels = np.rint((np.arange(256) - ZERO) * (deviation / FINE) + ZERO).astype(np.uint8)
    for plane, own in zip(planes, codes.reshape(planes.shape), strict=True):
        cv2.addWeighted(plane, 1, cv2.LUT(own, levels), 1, -ZERO, plane)


@functools.cache
def _deviates() -> np.ndarray:
    """The sequence of normal deviates, as codes of a byte."""
    numbers = np.random.default_rng(0).standard_normal(LARGEST + PLACES, np.float32)
    return np.rint(numbers * FINE + ZERO).clip(0, 255).astype(np.uint8)


def erase(planes: np.ndarray, random: Random) -> None:
    """Set one or two random rectangles to 0."""
    height, width = planes.shape[1:]
    for _ in range(random.randint(1, 2)):
        tall, wide = int(height * random.uniform(*ERASED)), int(width * random.uniform(*ERASED))
        top, left = random.randint(0, height - tall), random.randint(0, width - wide)
        planes[:, top : top + tall, left : left + wide] = 0
