"""The masks that were held out from the U-Net's training: those that it predicts worst.

n, m, b   how many masks were held out; the mean IoU of masks and of boxes
source    whose masks they are: "mask" (given) or "grabcut"
p         pictures, the worst mask first: q, the photograph; m and b, its IoU; h, base64
"""

from typing import Any

import cv2
import numpy as np

from pipeline.data.held_out_masks import HeldOutMasks
from pipeline.steps.report import photographs

SIZE = 320  # pixels of the longer side
PREDICTED, HELD_OUT = (60, 220, 60), (220, 60, 220)  # RGB


def list_worst_masks(unseen: HeldOutMasks, sizes: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """The means of all held-out masks, and the pictures of the worst ones.

    sizes : every photograph's width and height, since the pictures are stretched to squares
    """
    rows = zip(unseen.names.tolist(), unseen.masks, unseen.boxes, unseen.pictures, strict=False)
    return {
        "n": len(unseen.names),
        "m": round_iou(unseen.masks.mean()) if len(unseen.names) else 0.0,
        "b": round_iou(unseen.boxes.mean()) if len(unseen.names) else 0.0,
        "source": unseen.source,
        "p": [
            {
                "q": name,
                "m": round_iou(mask),
                "b": round_iou(box),
                "h": encode_picture(picture, sizes[name]),
            }
            for name, mask, box, picture in rows
        ],
    }


def encode_picture(stacked: np.ndarray, size: tuple[int, int]) -> str:
    """A photograph with the outlines and boxes of both masks, base64.

    stacked : D x D x 5 uint8: RGB, the mask held out, the mask predicted; size : width and height
        of the photograph
    """
    width, height = size
    scale = SIZE / max(width, height)
    shape = max(round(width * scale), 1), max(round(height * scale), 1)
    picture = cv2.resize(np.ascontiguousarray(stacked[..., :3]), shape)
    for mask, colour in ((stacked[..., 3], HELD_OUT), (stacked[..., 4], PREDICTED)):
        draw_mask(
            picture,
            cv2.resize(np.ascontiguousarray(mask), shape, interpolation=cv2.INTER_NEAREST),
            colour,
        )
    return photographs.encode_webp(picture, SIZE)


def draw_mask(picture: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> None:
    """Draw a mask's outline (thick) and its box (thin); an empty mask has neither."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, outlines, -1, colour, 2)
    if outlines:
        x, y, width, height = cv2.boundingRect(mask)
        cv2.rectangle(picture, (x, y), (x + width - 1, y + height - 1), colour, 1)


def round_iou(iou: float) -> float:
    return round(float(iou), 3)
