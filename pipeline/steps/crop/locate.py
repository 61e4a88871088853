"""Where the animal is in one photograph: a given box beats a mask, a mask beats nothing."""

from dataclasses import dataclass

import numpy as np

from pipeline.params import Crop
from pipeline.steps.crop import boxes
from pipeline.steps.crop.boxes import Box, Frame


@dataclass(frozen=True)
class Located:
    """The box before its margin, what it came from, the frame to cut out, and the mask if any."""

    box: Box
    source: str  # given, mask, unet, grabcut or whole
    frame: Frame  # the box with its margin, or the whole photograph
    mask: np.ndarray | None  # uint8 H x W, 0 and 255


def locate(
    shape: tuple[int, int],
    given: Box | None,
    mask: np.ndarray | None,
    source: str,
    settings: Crop,
) -> Located:
    """The box and frame in a photograph of `shape` (height, width); `source` names the mask's.

    A mask's box is that of its largest region. A whole photograph gets no margin, because there
    is nothing around it. With align "axis" the frame lies along the mask (inside the given box).
    With frame "photograph" the mask alone says where the animal is: what of it lies in the box.
    """
    body = body_of(mask, given)
    whole = 0, 0, shape[1], shape[0]
    if given is None and body is None:
        return Located(whole, "whole", boxes.upright(whole), None)
    box, source = (given, "given") if given else (boxes.mask_box(body), source)
    if settings.frame == "photograph":
        inside = np.full(shape, 255, np.uint8) if body is None else mask
        return Located(box, source, boxes.upright(whole), boxes.clipped(inside, box))
    frame = boxes.upright(box)
    if settings.align == "axis" and body is not None and (angle := boxes.axis_angle(body)):
        frame = boxes.tilted(body, angle)
    return Located(box, source, frame.widened(settings.padding), mask)


def body_of(mask: np.ndarray | None, given: Box | None) -> np.ndarray | None:
    """The mask's largest region, of what lies inside the given box; None where there is none."""
    if mask is None:
        return None
    return boxes.largest_component(boxes.clipped(mask, given) if given else mask)
