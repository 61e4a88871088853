"""The animal's frame at its own proportions: what a detector of local features sees."""

import cv2
import numpy as np

# Small animals are enlarged no further than this: there is nothing more to be seen in them.
LARGEST = 2.0


def animal(transform: np.ndarray, mask: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """The part of a crop (its 2x3 transform and H x W mask) around the mask's box.

    `margin` is the share of the box added on every side, as far as the crop reaches. A crop whose
    mask is empty stays whole.
    """
    if not mask.any():
        return transform, mask
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(mask))
    across, down = int(np.ceil(margin * width)), int(np.ceil(margin * height))
    left, top = max(x - across, 0), max(y - down, 0)
    shifted = transform.copy()
    shifted[:, 2] -= left, top
    return shifted, mask[top : y + height + down, left : x + width + across]


def canvas(transform: np.ndarray, width: int, height: int, longest: int) -> tuple:
    """From a crop's 2x3 transform to its canvas's, and the canvas's width and height.

    The crop (`width` x `height`) stretches its frame; the canvas has the frame's own
    proportions, and its longer side is `longest` pixels, or LARGEST times the photograph's own.
    """
    stretch = np.hypot(transform[:, 0], transform[:, 1])
    sides = np.array([width, height]) / stretch  # of the frame, in pixels of the photograph
    scale = min(longest / sides.max(), LARGEST)
    size = np.maximum(np.rint(sides * scale), 1).astype(int)
    enlarged = size / np.array([width, height])
    matrix = enlarged[:, None] * transform
    matrix[:, 2] += (enlarged - 1) / 2  # pixel centres, as cv2.warpAffine counts
    return matrix, int(size[0]), int(size[1])


def contrasted(rgb: np.ndarray) -> np.ndarray:
    """Grey, its contrast evened out over tiles (CLAHE), so that shade and sun look alike."""
    return cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(
        cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    )
