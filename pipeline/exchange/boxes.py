"""Boxes of animals as other programs write them, and in pixels of a photograph."""

import math
from dataclasses import dataclass
from enum import StrEnum

PixelBox = tuple[int, int, int, int]  # x0, y0, x1, y1; x1 and y1 are exclusive


class Convention(StrEnum):
    """What the last two of a box's four numbers are: its size, or its second corner."""

    size = "size"
    corners = "corners"


@dataclass(frozen=True)
class FoundBox:
    """A box x0, y0, x1, y1 from the top left, in fractions of the sides or in pixels.

    confidence : that of the detector
    """

    x0: float
    y0: float
    x1: float
    y1: float
    relative: bool
    confidence: float = 1.0

    def to_pixels(self, width: int, height: int) -> PixelBox:
        """The whole pixels around the box that a photograph of that size has.

        Raises ValueError if it has none of them.
        """
        across, down = (width, height) if self.relative else (1, 1)
        # what is a pixel's edge but for rounding stays this edge
        x0, y0 = math.floor(self.x0 * across + 1e-3), math.floor(self.y0 * down + 1e-3)
        x1, y1 = math.ceil(self.x1 * across - 1e-3), math.ceil(self.y1 * down - 1e-3)
        box = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
        if box[0] >= box[2] or box[1] >= box[3]:
            raise ValueError(
                f"the box {self.x0:g}, {self.y0:g}, {self.x1:g}, {self.y1:g} has none of its "
                f"{width} x {height} pixels"
            )
        return box
