"""Photographs of more than 8 bits per channel, as uint8.

Scientific cameras store 10, 12 or 14 bits in 16. Their upper byte alone would be nearly black.
"""

import numpy as np

DEPTHS = (8, 10, 12, 14, 16)  # of cameras


def find_depth(pixels: np.ndarray) -> int:
    """How many bits an array of unsigned integers uses: one of DEPTHS, 8 for every uint8."""
    if pixels.dtype == np.uint8:
        return 8
    needed = int(pixels.max(initial=0)).bit_length()
    return next(depth for depth in DEPTHS if depth >= needed)


def reduce_depth(pixels: np.ndarray) -> np.ndarray:
    """Reduce uint8 or uint16 to the upper 8 bits of those that are used, as uint8."""
    if pixels.dtype == np.uint8:
        return pixels
    upper = np.empty(pixels.shape, np.uint8)
    return np.right_shift(pixels, find_depth(pixels) - 8, out=upper, casting="unsafe")
