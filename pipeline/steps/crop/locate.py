"""Where the animal is in a photograph: a given box comes before a mask, a mask before nothing."""

from dataclasses import dataclass

import numpy as np

from pipeline.params import Crop
from pipeline.steps.crop import boxes
from pipeline.steps.crop.boxes import Box, Frame


@dataclass(frozen=True)
class Location:
    """The box without padding, its source, the frame to cut out, and the mask if any."""

    box: Box
    source: str  # given, mask, unet, grabcut or whole
    frame: Frame  # the box with padding, or the whole photograph
    mask: np.ndarray | None  # uint8 H x W, 0 and 255


def locate(
    shape: tuple[int, int],
    given: Box | None,
    mask: np.ndarray | None,
    source: str,
    settings: Crop,
) -> Location:
    """Locate the animal in a photograph of `shape` (height, width).

    given : its given box, if any
    mask, source : its mask, if any, and the mask's source

    A mask's box is that of its largest region. A whole photograph gets no padding, because there
    is nothing around it. With align "axis" the frame lies along the mask (inside the given box).
    With frame "photograph" the whole photograph is cut out, and the mask, as far as it lies in the
    box, tells where the animal is.
    """
    body = find_body(mask, given)
    whole = 0, 0, shape[1], shape[0]
    if given is not None:
        box, source = given, "given"
    elif body is not None:
        box = boxes.mask_box(body)
    else:
        return Location(whole, "whole", boxes.upright_frame(whole), None)
    if settings.frame == "photograph":
        inside = np.full(shape, 255, np.uint8) if body is None or mask is None else mask
        return Location(box, source, boxes.upright_frame(whole), boxes.clip_mask(inside, box))
    frame = boxes.upright_frame(box)
    if settings.align == "axis" and body is not None and (angle := boxes.axis_angle(body)):
        frame = boxes.tilted_frame(body, angle)
    return Location(box, source, frame.pad(settings.padding), mask)


def find_body(mask: np.ndarray | None, given: Box | None) -> np.ndarray | None:
    """The mask's largest region, inside the given box if there is one; None for none."""
    if mask is None:
        return None
    return boxes.largest_component(boxes.clip_mask(mask, given) if given else mask)
