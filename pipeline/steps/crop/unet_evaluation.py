"""The U-Net's masks compared with masks that it was not trained on."""

import numpy as np

from pipeline.data import held_out_masks
from pipeline.data.held_out_masks import HeldOutMasks
from pipeline.steps.crop import boxes, unet
from pipeline.steps.crop.unet import SegmentationNet
from pipeline.system.workers import start_workers


def evaluate(
    net: SegmentationNet, size: int, names: np.ndarray, thumbnails: np.ndarray, source: str
) -> HeldOutMasks:
    """Compare the net's masks with those of held-out photographs.

    size : side of the net's input
    names : n images
    thumbnails : uint8 n x D x D x 4, RGB and a mask that is not empty
    source : of these masks, "mask" or "grabcut"
    """
    if not len(names):
        return held_out_masks.build_empty()
    photographs = [np.ascontiguousarray(thumbnail[..., :3]) for thumbnail in thumbnails]
    truths = [np.where(t[..., 3] > 127, np.uint8(255), np.uint8(0)) for t in thumbnails]
    masks = find_masks(net, size, photographs)
    overlaps = np.array([mask_iou(*pair) for pair in zip(truths, masks, strict=True)])
    order = np.argsort(overlaps, kind="stable")
    pictures = [
        np.dstack([photographs[row], truths[row], masks[row]])
        for row in order[: held_out_masks.PICTURES]
    ]
    true_boxes, found_boxes = (
        np.array([boxes.mask_box(mask) for mask in kind], float) for kind in (truths, masks)
    )
    return HeldOutMasks(
        names[order].astype(str),
        overlaps[order],
        boxes.box_iou(true_boxes, found_boxes)[order],
        np.stack(pictures),
        source,
    )


def find_masks(net: SegmentationNet, size: int, photographs: list[np.ndarray]) -> list[np.ndarray]:
    """The net's masks of photographs of one size; empty if it finds none."""
    with start_workers() as pool:
        found = unet.find_masks(unet.fold(net), size, photographs, [None] * len(photographs), pool)
    empty = np.zeros(photographs[0].shape[:2], np.uint8)
    return [empty if mask is None else mask for mask in found]


def mask_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two masks, 0 for no animal; 0 if both are empty."""
    union = ((a > 0) | (b > 0)).sum()
    return float(((a > 0) & (b > 0)).sum() / max(union, 1))
