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
    angle : by which the box is turned clockwise about its centre, in radians
    """

    x0: float
    y0: float
    x1: float
    y1: float
    relative: bool
    confidence: float = 1.0
    angle: float = 0.0

    def upright(self, width: int, height: int) -> "FoundBox":
        """The smallest box in pixels, not turned, around a turned one of such a photograph."""
        if not self.angle:
            return self
        across, down = (width, height) if self.relative else (1, 1)
        x0, x1, y0, y1 = self.x0 * across, self.x1 * across, self.y0 * down, self.y1 * down
        cosine, sine = abs(math.cos(self.angle)), abs(math.sin(self.angle))
        half_x = ((x1 - x0) * cosine + (y1 - y0) * sine) / 2
        half_y = ((x1 - x0) * sine + (y1 - y0) * cosine) / 2
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        corners = x - half_x, y - half_y, x + half_x, y + half_y
        return FoundBox(*corners, False, self.confidence)

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


def widen(box: PixelBox, width: int, height: int, margin: float) -> PixelBox:
    """A box with a margin on each side, a fraction of the box, inside of the photograph."""
    x0, y0, x1, y1 = box
    across, down = math.ceil((x1 - x0) * margin), math.ceil((y1 - y0) * margin)
    return max(x0 - across, 0), max(y0 - down, 0), min(x1 + across, width), min(y1 + down, height)
