"""Random views of a crop.

A view is warped once, by the product of all matrices, and its colours go through lookup tables: a
composition of albumentations' transforms, one after the other over all pixels, takes four to five
times as long for the same distribution. Albumentations does what is rare. This is the only module
that imports it: its release 2.0.8 is the last under MIT, its successor is AGPL.
"""

import math
import os
from random import Random

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # importing must not ask the network

import albumentations as A
import cv2
import numpy as np

from pipeline.params import Augment
from pipeline.training.colour import recolour
from pipeline.training.warp import sample_matrix, warp

# OpenCV's own threads compete with the network for the same cores
cv2.setNumThreads(0)

MASK = 3  # its channel
# noise is a stretch of one sequence, from a random place: normal deviates for every pixel of a view
# would take as long as everything else together
PLACES = 1 << 16
LARGEST = 1 << 20  # pixel values of one stretch; larger pictures are filled by repeating it
NOISE = (0.02, 0.1)  # standard deviation as a fraction of white; more drowns the animal
ERASED = (0.1, 0.3)  # fraction of the crop's side


class Augmentation:
    """The random transform of training views; a strength of 0 leaves its part out.

    A view depends on the seed alone, not on what was transformed before.
    """

    def __init__(self, strength: Augment) -> None:
        self.strength = strength
        self.random = Random()
        self.blur = A.GaussianBlur(blur_limit=(3, 5), p=strength.blur)
        self.erase = A.CoarseDropout(
            num_holes_range=(1, 2),
            hole_height_range=ERASED,
            hole_width_range=ERASED,
            p=strength.erase,
        )

    def __call__(self, crop: np.ndarray, flipped: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a random view of a crop (H x W x 4 uint8, RGB and mask) or of its mirror image.

        The picture is H x W x 3, its mask H x W, 0 or 255. All decisions come from one generator:
        albumentations' own seeding would apply all transforms together or none of them
        (findings/albumentations_seed_couples_transforms.sh).
        """
        self.random.seed(seed)
        height, width = crop.shape[:2]
        matrix = sample_matrix(self.strength, height, width, self.random)
        view = warp(crop, matrix, flipped)
        # interpolated like the picture, which is quicker than a warp of its own
        mask = cv2.threshold(cv2.extractChannel(view, MASK), 127, 255, cv2.THRESH_BINARY)[1]
        picture = cv2.cvtColor(view, cv2.COLOR_RGBA2RGB)
        recolour(picture, self.strength, self.random)
        return self._corrupt(picture), mask

    def _corrupt(self, picture: np.ndarray) -> np.ndarray:
        """Blur, add noise, erase rectangles; H x W x 3 uint8."""
        picture = self._apply(self.blur, picture)
        if self.random.random() < self.strength.noise:
            noise = _sample_noise(picture.shape, self.random)
            cv2.add(picture, noise, picture, dtype=cv2.CV_8U)
        return self._apply(self.erase, picture)

    def _apply(self, transform: A.BasicTransform, picture: np.ndarray) -> np.ndarray:
        """Apply one of albumentations' transforms with its probability."""
        if self.random.random() >= transform.p:
            return picture
        numbers = np.random.default_rng(self.random.getrandbits(32))
        transform.set_random_state(numbers, self.random)
        return transform(image=picture, force_apply=True)["image"]


_deviates = np.empty(0, np.float32)


def _sample_noise(shape: tuple[int, ...], random: Random) -> np.ndarray:
    """Normal deviates of one random standard deviation, in levels, float32."""
    global _deviates
    if not len(_deviates):
        _deviates = np.random.default_rng(0).standard_normal(LARGEST + PLACES, np.float32)
    deviation, place = 255 * random.uniform(*NOISE), random.randrange(PLACES)
    size = math.prod(shape)
    noise = _deviates[place : place + min(size, LARGEST)] * np.float32(deviation)
    return noise.reshape(shape) if size <= LARGEST else np.resize(noise, shape)
