"""From a mask to a box, and from a box to the 2x3 transform that cuts it out.

Boxes count pixel edges: (x0, y0, x1, y1) with x1 and y1 exclusive, so a whole photograph is
(0, 0, width, height). Transforms count pixel centres, as cv2.warpAffine does: the centre of the
first pixel is (0, 0), and that pixel reaches from -0.5 to 0.5.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

Box = tuple[int, int, int, int]

# A mask is rotated only if it has a direction: its spread (standard deviation) along the principal
# axis is at least this many times the spread across it.
ELONGATED = 1.5
# Beyond this tilt the animal stands upright, and is not rotated.
STEEPEST = np.pi / 4


@dataclass(frozen=True)
class Frame:
    """The rectangle to cut out, in pixel edges; `angle` (radians) is clockwise as seen."""

    x: float  # the centre
    y: float
    width: float
    height: float
    angle: float = 0.0

    def pad(self, padding: float) -> "Frame":
        """Add `padding` times the frame's size on each of the four sides."""
        factor = 1 + 2 * padding
        return replace(self, width=self.width * factor, height=self.height * factor)


def largest_component(mask: np.ndarray) -> np.ndarray | None:
    """The largest connected region of a uint8 H x W mask as 0 and 255; None if all is 0."""
    if not mask.any():
        return None
    x0, y0, x1, y1 = mask_box(mask)
    # labels take four times the memory of a mask; OpenCV numbers them by blocks of two pixels
    x0, y0 = x0 - x0 % 2, y0 - y0 % 2
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask[y0:y1, x0:x1], connectivity=8)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    region = np.zeros_like(mask)
    np.multiply(labels == largest, np.uint8(255), out=region[y0:y1, x0:x1])
    return region


def mask_box(mask: np.ndarray) -> Box:
    """The smallest box around the non-zero pixels of a mask, which has at least one."""
    x, y, width, height = cv2.boundingRect(mask)
    return x, y, x + width, y + height


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union by row, for two N x 4 arrays of boxes; 0 for two empty boxes."""
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    shared = sides.clip(min=0).prod(axis=1)
    both = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1)
    return shared / np.maximum(both - shared, 1)


def clip_mask(mask: np.ndarray, box: Box) -> np.ndarray:
    """Set everything outside the box to 0."""
    x0, y0, x1, y1 = box
    inside = np.zeros_like(mask)
    inside[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
    return inside


def axis_angle(mask: np.ndarray) -> float:
    """The tilt of the mask's principal axis in radians, clockwise, at most 45 degrees.

    0 if the mask is too round to have a direction, or stands upright.
    """
    m = cv2.moments(mask, binaryImage=True)
    gap = np.hypot(m["mu20"] - m["mu02"], 2 * m["mu11"])
    along, across = m["mu20"] + m["mu02"] + gap, m["mu20"] + m["mu02"] - gap
    if along <= ELONGATED**2 * across:
        return 0.0
    angle = 0.5 * np.arctan2(2 * m["mu11"], m["mu20"] - m["mu02"])
    return float(angle) if abs(angle) <= STEEPEST else 0.0


def upright_frame(box: Box) -> Frame:
    """The frame of a box, not rotated."""
    x0, y0, x1, y1 = box
    return Frame((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0)


def tilted_frame(mask: np.ndarray, angle: float) -> Frame:
    """The smallest frame at that angle around every non-zero pixel of the mask."""
    x, y = outermost_pixels(mask)
    cos, sin = np.cos(angle), np.sin(angle)
    along, across = (x + 0.5) * cos + (y + 0.5) * sin, (y + 0.5) * cos - (x + 0.5) * sin
    pixel = abs(cos) + abs(sin)  # the extent of a square pixel at that angle
    middle, centre = (along.min() + along.max()) / 2, (across.min() + across.max()) / 2
    return Frame(
        float(middle * cos - centre * sin),
        float(middle * sin + centre * cos),
        float(np.ptp(along) + pixel),
        float(np.ptp(across) + pixel),
        angle,
    )


def outermost_pixels(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the first and the last non-zero pixel of each row: the others lie between them."""
    rows = np.flatnonzero(mask.any(axis=1))
    inside = mask > 0
    first = inside.argmax(axis=1)[rows]
    last = mask.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)[rows]
    return np.concatenate([first, last]), np.concatenate([rows, rows])


def transform(frame: Frame, width: int, height: int) -> np.ndarray:
    """The 2x3 matrix from photograph to crop pixels that stretches the frame to width x height.

    A box of 10 x 10 at (20, 30), cut out at 5 x 10: x' = 0.5 x - 10.25 and y' = y - 30.
    (The box's left edge, x = 19.5 in pixel centres, becomes the crop's, -0.5.)
    """
    cos, sin = np.cos(frame.angle), np.sin(frame.angle)
    scale = np.array([[width / frame.width], [height / frame.height]])
    linear = scale * np.array([[cos, sin], [-sin, cos]])
    shift = np.array([width, height]) / 2 - linear @ [frame.x - 0.5, frame.y - 0.5] - 0.5
    return np.column_stack([linear, shift])
