"""Masks without any training: OpenCV's GrabCut (Rother et al. 2004, doi 10.1145/1015706.1015720).

It separates the colours inside a rectangle from those around it, and starts from the belief that
the rectangle's middle is the animal. It tends to find the trunk and to lose heads and legs.
"""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from pipeline.steps.crop import boxes
from pipeline.steps.crop.boxes import Box

LONG_SIDE = 128  # pixels; the time grows with the area: 0.04 s at 128, 0.4 s at 256
# More rounds eat the animal away: where it fills the rectangle, five of them left nothing of half
# of 60 photographs of antelopes, two rounds around a certain middle left something of all.
ROUNDS = 2
MIDDLE = 0.3  # of the rectangle's sides: the ellipse that is certainly the animal
BORDER = 0.04  # of each side: the frame that is background where no box is given
# Less foreground than this share of the rectangle, or more, is a failure and not an animal.
PLAUSIBLE = (0.08, 0.95)
SEED = 0  # GrabCut starts from a random k-means; any fixed number serves


def masks(photographs: list[np.ndarray], given: list[Box | None]) -> list[np.ndarray | None]:
    """A mask for each uint8 H x W x 3 photograph, 0 and 255; None where none is plausible."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(mask, photographs, given))


def mask(photograph: np.ndarray, given: Box | None) -> np.ndarray | None:
    """The largest foreground region inside the box, or inside all but the photograph's border."""
    height, width = photograph.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(photograph, size, interpolation=cv2.INTER_AREA)
    found = foreground(small, rectangle(given, width, height, size))
    if found is None:
        return None
    full = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)
    full = np.where(full > 127, np.uint8(255), np.uint8(0))
    return boxes.clipped(full, given) if given else full


def rectangle(given: Box | None, width: int, height: int, size: tuple[int, int]) -> Box:
    """Where the animal may be, in pixels of the photograph scaled to `size`."""
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


def foreground(small: np.ndarray, box: Box) -> np.ndarray | None:
    """GrabCut's largest region at the small size; None where its area isn't plausible."""
    labels = first_guess(small.shape[:2], box)
    if (labels == cv2.GC_BGD).sum() < 8 or (labels == cv2.GC_PR_FGD).sum() < 8:
        return None  # fewer pixels than the colour models have parts
    cv2.setRNGSeed(SEED)  # of this thread alone
    cv2.grabCut(
        small, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK
    )
    animal = (labels == cv2.GC_PR_FGD) | (labels == cv2.GC_FGD)
    kept = boxes.largest_component(animal.astype(np.uint8))
    if kept is None:
        return None
    low, high = PLAUSIBLE
    share = (kept > 0).sum() / ((box[2] - box[0]) * (box[3] - box[1]))
    return kept if low <= share <= high else None


def first_guess(shape: tuple[int, int], box: Box) -> np.ndarray:
    """The labels to start from: background, perhaps animal in the box, animal in its middle."""
    x0, y0, x1, y1 = box
    labels = np.full(shape, cv2.GC_BGD, np.uint8)
    labels[y0:y1, x0:x1] = cv2.GC_PR_FGD
    y, x = np.ogrid[: shape[0], : shape[1]]
    across = (2 * x + 1 - x0 - x1) / (x1 - x0)
    down = (2 * y + 1 - y0 - y1) / (y1 - y0)
    labels[across**2 + down**2 < MIDDLE**2] = cv2.GC_FGD
    return labels
