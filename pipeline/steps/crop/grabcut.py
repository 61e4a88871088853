"""Masks without any training: OpenCV's GrabCut (Rother et al. 2004, doi 10.1145/1015706.1015720).

It separates the colours inside a rectangle from those around it, assuming at first that the
rectangle's middle is the animal. It tends to find the trunk and to lose heads and legs.
"""

from concurrent.futures import Executor

import cv2
import numpy as np

from pipeline.steps.crop import boxes
from pipeline.steps.crop.boxes import Box

LONG_SIDE = 128  # pixels; the time grows with the area: 0.04 s at 128, 0.4 s at 256
# More rounds remove the animal if it fills the rectangle: of 60 photographs of antelopes five
# rounds left half without a mask, two rounds around a certain middle left none without.
ROUNDS = 2
MIDDLE = 0.3  # of the rectangle's sides: the ellipse that is certainly the animal
BORDER = 0.04  # of each side: the frame that is background if no box is given
# A smaller or larger fraction of the rectangle is a failure and not an animal.
PLAUSIBLE = (0.08, 0.95)
SEED = 0  # GrabCut starts from a random k-means; any fixed number serves


def find_masks(
    photographs: list[np.ndarray], given: list[Box | None], pool: Executor
) -> list[np.ndarray | None]:
    """Find a mask, 0 and 255, for each uint8 H x W x 3 photograph; None if none is plausible."""
    return list(pool.map(find_mask, photographs, given))


def find_mask(photograph: np.ndarray, given: Box | None) -> np.ndarray | None:
    """Find the largest foreground region inside the box, or inside all but the border."""
    height, width = photograph.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(photograph, size, interpolation=cv2.INTER_AREA)
    region = segment_foreground(small, scale_rectangle(given, width, height, size))
    if region is None:
        return None
    full = cv2.resize(region, (width, height), interpolation=cv2.INTER_LINEAR)
    full = np.where(full > 127, np.uint8(255), np.uint8(0))
    return boxes.clip_mask(full, given) if given else full


def scale_rectangle(given: Box | None, width: int, height: int, size: tuple[int, int]) -> Box:
    """The rectangle that may contain the animal, in pixels of the photograph scaled to `size`."""
    x0, y0, x1, y1 = given or (
        width * BORDER,
        height * BORDER,
        width * (1 - BORDER),
        height * (1 - BORDER),
    )
    across, down = size[0] / width, size[1] / height
    return (
        int(x0 * across),
        int(y0 * down),
        int(np.ceil(x1 * across)),
        int(np.ceil(y1 * down)),
    )


def segment_foreground(small: np.ndarray, box: Box) -> np.ndarray | None:
    """GrabCut's largest region in a small photograph; None if its area isn't plausible."""
    labels = initial_labels(small.shape[:2], box)
    if (labels == cv2.GC_BGD).sum() < 8 or (labels == cv2.GC_PR_FGD).sum() < 8:
        return None  # fewer pixels than the colour models have components
    cv2.setRNGSeed(SEED)  # of this thread alone
    cv2.grabCut(  # type: ignore[call-overload]  # no rectangle in this mode
        small, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK
    )
    animal = (labels == cv2.GC_PR_FGD) | (labels == cv2.GC_FGD)
    region = boxes.largest_component(animal.astype(np.uint8))
    if region is None:
        return None
    low, high = PLAUSIBLE
    fraction = (region > 0).sum() / ((box[2] - box[0]) * (box[3] - box[1]))
    return region if low <= fraction <= high else None


def initial_labels(shape: tuple[int, int], box: Box) -> np.ndarray:
    """GrabCut's first labels: background, probably animal in the box, animal in its middle."""
    x0, y0, x1, y1 = box
    labels = np.full(shape, cv2.GC_BGD, np.uint8)
    labels[y0:y1, x0:x1] = cv2.GC_PR_FGD
    y, x = np.ogrid[: shape[0], : shape[1]]
    across = (2 * x + 1 - x0 - x1) / (x1 - x0)
    down = (2 * y + 1 - y0 - y1) / (y1 - y0)
    labels[across**2 + down**2 < MIDDLE**2] = cv2.GC_FGD
    return labels
