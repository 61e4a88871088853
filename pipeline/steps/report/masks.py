"""Masks and boxes of the photographs that the U-Net was not taught with, where it does worst."""

from typing import Any

import cv2
import numpy as np

from pipeline.data.held_out_masks import UnseenMasks
from pipeline.steps.report import photographs

SIZE = 320  # pixels of the longer side
FOUND, GIVEN = (60, 220, 60), (220, 60, 220)  # RGB


def worst(unseen: UnseenMasks, sizes: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """What the page shows of them, the worst mask first: n, how many were held out; m and b, the
    mean IoU of masks and boxes; source, whose masks they are; p, of each picture q, its
    photograph, m and b, its own, and h, base64.

    sizes : every photograph's width and height, as the pictures are stretched to squares
    """
    rows = zip(unseen.names.tolist(), unseen.masks, unseen.boxes, unseen.pictures, strict=False)
    return {
        "n": len(unseen.names),
        "m": rounded(unseen.masks.mean()) if len(unseen.names) else 0.0,
        "b": rounded(unseen.boxes.mean()) if len(unseen.names) else 0.0,
        "source": unseen.source,
        "p": [
            {"q": name, "m": rounded(mask), "b": rounded(box), "h": pictured(one, sizes[name])}
            for name, mask, box, one in rows
        ],
    }


def pictured(stacked: np.ndarray, size: tuple[int, int]) -> str:
    """D x D x 5 (RGB, the mask held out and the one found) as a photograph of that width and height
    with both outlines and boxes, base64.
    """
    width, height = size
    scale = SIZE / max(width, height)
    shape = max(round(width * scale), 1), max(round(height * scale), 1)
    picture = cv2.resize(np.ascontiguousarray(stacked[..., :3]), shape)
    for mask, colour in ((stacked[..., 3], GIVEN), (stacked[..., 4], FOUND)):
        drawn_on(
            picture,
            cv2.resize(np.ascontiguousarray(mask), shape, interpolation=cv2.INTER_NEAREST),
            colour,
        )
    return photographs.encoded(picture, SIZE)


def drawn_on(picture: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> None:
    """A mask's outline (thick) and its box (thin) onto the picture; of an empty one nothing."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, outlines, -1, colour, 2)
    if outlines:
        x, y, width, height = cv2.boundingRect(mask)
        cv2.rectangle(picture, (x, y), (x + width - 1, y + height - 1), colour, 1)


def rounded(share: float) -> float:
    return round(float(share), 3)
