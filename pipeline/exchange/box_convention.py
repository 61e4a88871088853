"""What the four numbers of a box mean: found by what is impossible, for all boxes of a file.

Files of detections look alike, and their boxes are [x, y, width, height] in fractions of the sides
(https://lila.science/megadetector-output-format) or the corners [x0, y0, x1, y1] in pixels
(https://microsoft.github.io/MegaDetector/output_format/). A box of one kind is seldom possible as
the other: a few photographs decide.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.exchange.boxes import Convention, FoundBox
from pipeline.system.errors import UserError

ROUNDING = 0.005  # sides of boxes at the edge, in fractions, that are rounded to three digits


def find_convention(
    name: str, boxes: np.ndarray, stated: Convention | None, documented: Convention | None = None
) -> Convention:
    """What the boxes (n x 4) of the file `name` are.

    stated : what the user says; documented : what all boxes in pixels are in the layout of the file

    Raises UserError if they are neither, or can be both and the user has not said which (`stated`).
    """
    if not len(boxes):
        return stated or Convention.size
    corners = bool((boxes[:, 2:] > boxes[:, :2]).all())
    # that a side ends outside of the photograph is seen of fractions only
    size = not is_relative(boxes) or bool((boxes[:, :2] + boxes[:, 2:] <= 1 + ROUNDING).all())
    possible = {Convention.corners: corners, Convention.size: size}
    if stated:
        if not possible[stated]:
            raise UserError(f"{name}: its boxes do not fit --boxes {stated}: {show(boxes)}")
        return stated
    if documented and possible[documented] and not is_relative(boxes):
        return documented
    if corners == size:
        reason = "both fit all of its boxes" if corners else "neither fits all of its boxes"
        raise UserError(
            f"{name}: are its boxes x, y, width, height (--boxes size), as MegaDetector writes "
            f"them, or two corners x0, y0, x1, y1 (--boxes corners)? {reason}, such as "
            f"{show(boxes)}. Name one of these options"
        )
    return Convention.corners if corners else Convention.size


def is_relative(boxes: np.ndarray) -> bool:
    """Whether boxes (n x 4) are fractions of the sides: no number is beyond 1."""
    return bool((boxes <= 1 + ROUNDING).all())


def to_box(
    numbers: Sequence[float], convention: Convention, relative: bool, confidence: float
) -> FoundBox:
    """The box that four numbers describe."""
    x, y, right, bottom = numbers
    if convention == Convention.size:
        right, bottom = x + right, y + bottom
    return FoundBox(x, y, right, bottom, relative, confidence)


def show(boxes: np.ndarray) -> str:
    """The first box, for a message."""
    return str([round(float(number), 4) for number in boxes[0]])
