"""Photographs that are much larger than their crops, decoded at a half, quarter or eighth.

A JPEG of 12 megapixels is decoded three times as fast at half of its size, and all that follows
has a quarter of the pixels. Inside the step, boxes and masks are those of the reduced photograph;
the "boxes" table has pixels of the file.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipeline.data import images
from pipeline.data.warping import enlarging_matrix
from pipeline.params import Crop
from pipeline.steps.crop import given
from pipeline.steps.crop.boxes import Box

# At least so many times the crop's sides are left of a whole photograph, and of one in which the
# animal's box is yet to be cut out. If the box is smaller than the crop all the same, the
# photograph is decoded again.
WHOLE, AROUND = 2, 4


@dataclass(frozen=True)
class Reduced:
    """A photograph at 1 / `factor` of its sides, rounded up.

    width, height : of the file as it is shown, in pixels
    rgb : uint8, reduced
    """

    name: str
    path: str
    width: int
    height: int
    factor: int
    rgb: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of what was decoded."""
        return self.rgb.shape[0], self.rgb.shape[1]

    def reduce_box(self, box: Box | None) -> Box | None:
        """The smallest box of whole reduced pixels around a box of the file."""
        if box is None or self.factor == 1:
            return box
        x0, y0, x1, y1 = box
        return x0 // self.factor, y0 // self.factor, -(-x1 // self.factor), -(-y1 // self.factor)

    def enlarge_box(self, box: Box) -> Box:
        """A box of reduced pixels in those of the file."""
        x0, y0, x1, y1 = (side * self.factor for side in box)
        return x0, y0, min(x1, self.width), min(y1, self.height)

    def enlarge_matrix(self, matrix: np.ndarray) -> np.ndarray:
        """Turn a 2x3 transform of reduced pixels into one of the file's."""
        return matrix @ enlarging_matrix(1 / self.factor, 1 / self.factor)

    def read_mask(self, path: Path) -> np.ndarray:
        """Read the photograph's given mask, reduced: uint8, 0 and 255, and not empty."""
        mask = given.read_mask(path, self.width, self.height)
        if self.factor == 1:
            return mask
        covered = images.shrink(mask, self.factor)
        half = min(127, int(covered.max()) - 1)  # a tiny mask is not lost
        return cv2.threshold(covered, half, 255, cv2.THRESH_BINARY)[1]


def read_reduced(name: str, path: str, width: int, height: int, least: tuple[int, int]) -> Reduced:
    """Read a photograph, of `width` x `height` as it is shown; at `least` that size is left."""
    factor = images.choose_reduction(width, height, *least)
    return Reduced(name, path, width, height, factor, images.read_rgb(path, factor))


def choose_least(settings: Crop) -> tuple[int, int]:
    """The width and height that are to be left of a photograph, so that its crop is as sharp."""
    times = WHOLE if settings.frame == "photograph" or not settings.enabled else AROUND
    return times * settings.width, times * settings.height
