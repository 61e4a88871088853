"""Photographs of more than 8 bits per channel, as uint8.

Scientific cameras store 10, 12 or 14 bits in 16. Their upper byte alone would be nearly black.
"""

import numpy as np

DEPTHS = (8, 10, 12, 14, 16)  # of cameras
WHITE = 65_535
PART = 2**22
STRAY = 10_000  # one number in so many may be a defective pixel's


def find_depth(pixels: np.ndarray) -> int:
    """How many bits an array of unsigned integers uses: one of DEPTHS, 8 for every uint8.

    A time, a scale or a border drawn in full white, and one defective pixel in STRAY, do not count:
    with them a camera's 12 bits would be taken for 16, and be nearly black.
    """
    if pixels.dtype == np.uint8:
        return 8
    most = int(pixels.max(initial=0))
    if most < 1 << DEPTHS[-2]:
        return _fit(most)
    counts = _count(pixels)[:WHITE]
    above = counts[::-1].cumsum()[::-1]  # how many are so large, or larger
    return _fit(int((above > pixels.size // STRAY).nonzero()[0].max(initial=0)))


def reduce_depth(pixels: np.ndarray) -> np.ndarray:
    """Reduce uint8 or uint16 to the upper 8 bits of those that are used, as uint8.

    What needs more bits than are used becomes white.
    """
    if pixels.dtype == np.uint8:
        return pixels
    depth = find_depth(pixels)
    upper = np.empty(pixels.shape, np.uint8)
    np.right_shift(pixels, depth - 8, out=upper, casting="unsafe")
    if depth < DEPTHS[-1]:
        upper[pixels >= 1 << depth] = 255
    return upper


def _count(pixels: np.ndarray) -> np.ndarray:
    """How often each number from 0 to WHITE is there; in parts, since bincount needs 64 bits."""
    counts = np.zeros(WHITE + 1, np.int64)
    numbers = pixels.reshape(-1)
    for start in range(0, len(numbers), PART):
        counts += np.bincount(numbers[start : start + PART], minlength=WHITE + 1)
    return counts


def _fit(largest: int) -> int:
    return next(depth for depth in DEPTHS if depth >= largest.bit_length())
