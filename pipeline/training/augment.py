"""Random views of a crop.

A view is warped once, by the product of all matrices, and split into planes, whose levels go
through lookup tables: a composition of transforms, one after the other over all pixels, takes four
times as long or more for the same distribution. That distribution is albumentations', which the
tests compare it with.
"""

from random import Random

import cv2
import numpy as np

from pipeline.data.planes import split
from pipeline.params import Augment
from pipeline.training.colour import recolour
from pipeline.training.corruption import add_noise, blur, erase
from pipeline.training.warp import sample_matrix, warp

# OpenCV's own threads compete with the network for the same cores
cv2.setNumThreads(0)


class Augmentation:
    """The random transform of training views; a strength of 0 leaves its part out.

    A view depends on the seed alone, not on what was transformed before.
    """

    def __init__(self, strength: Augment) -> None:
        self.strength = strength
        self.random = Random()
        self._view: np.ndarray | None = None  # the memory of the last one

    def __call__(self, crop: np.ndarray, flipped: bool, seed: int) -> np.ndarray:
        """Return a random view of a crop (H x W x 4 uint8, RGB and mask) or of its mirror image.

        The view is 4 x H x W, its mask 0 or 255. All decisions come from one generator:
        albumentations' own seeding would apply all transforms together or none of them
        (findings/albumentations_seed_couples_transforms.sh).
        """
        self.random.seed(seed)
        height, width = crop.shape[:2]
        matrix = sample_matrix(self.strength, height, width, self.random)
        if matrix is not None:
            self._view = warp(crop, matrix, flipped, self._view)
            planes = split(self._view)
        else:
            planes = split(warp(crop, None, flipped))
        # interpolated like the picture, which is quicker than a warp of its own
        cv2.threshold(planes[3], 127, 255, cv2.THRESH_BINARY, planes[3])
        recolour(planes[:3], self.strength, self.random)
        self._corrupt(planes[:3])
        return planes

    def _corrupt(self, planes: np.ndarray) -> None:
        """Blur, add noise, erase rectangles in place, each with its probability."""
        strength, random = self.strength, self.random
        if random.random() < strength.blur:
            blur(planes, random)
        if random.random() < strength.noise:
            add_noise(planes, random)
        if random.random() < strength.erase:
            erase(planes, random)
