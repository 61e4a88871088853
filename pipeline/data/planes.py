"""What networks see of a crop: its colours, its mask and its edges as planes."""

import cv2
import numpy as np

# bytes between planes: OpenCV splits into planes of one alignment past the caches, so that all that
# reads them next waits for the memory
GAP = 8


def to_planes(crop: np.ndarray, channels: int) -> np.ndarray:
    """Turn a crop, H x W x 4 uint8, into a network's planes; see `choose_planes`."""
    return choose_planes(split(crop), channels)


def choose_planes(planes: np.ndarray, channels: int) -> np.ndarray:
    """Choose the planes of a network, C x H x W, from RGB and mask (4 x H x W uint8).

    3 channels are RGB, 4 add the mask, 5 add edges.
    """
    if channels < 5:
        return planes[:channels]
    return np.concatenate([planes, edge_magnitude(cv2.merge(list(planes[:3])))[None]])


def edge_magnitude(rgb: np.ndarray) -> np.ndarray:
    """Gradient magnitude of the grey image, H x W uint8, clipped at 255."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    horizontal = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    vertical = cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    # rounded: the root of 25 is 5 or slightly less, depending on the memory's alignment
    return np.rint(cv2.magnitude(horizontal, vertical).clip(0, 255)).astype(np.uint8)


def split(crop: np.ndarray) -> np.ndarray:
    """Split H x W x C uint8 into C x H x W."""
    height, width, channels = crop.shape
    planes = np.empty((channels, height * width + GAP), np.uint8)[:, :-GAP]
    planes = planes.reshape(channels, height, width)
    cv2.split(crop, list(planes))
    return planes
