"""What is kept of each photograph for the comparison: a grey thumbnail and low frequencies.

The low frequencies are those of a perceptual hash (pHash): 8 x 8 coefficients of a cosine
transform, of the whole photograph and of four windows in it, each about 6 % narrower. A copy that
lost a few percent at its sides looks like one of the windows of its original. Of 600 photographs
cropped by 1 to 5 % a side, 64 % lie within 8 bits of the whole original, 100 % of one of its five.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import images
from pipeline.system import machine

SIDE = 96  # pixels of a thumbnail, whatever the photograph's shape
COEFFICIENTS = 8
# x0, y0, x1, y1 as shares of the photograph
WINDOWS = [(0.0, 0.0, 1.0, 1.0)] + [
    (0.03 + right, 0.03 + down, 0.97 + right, 0.97 + down)
    for right in (-0.01, 0.01)
    for down in (-0.01, 0.01)
]
LEAST_CONTRAST = 2.0  # grey levels (0 to 255); below it there is nothing to compare
# The mirror image has the same coefficients, the odd horizontal frequencies with the other sign.
MIRROR = np.tile((-1.0) ** np.arange(COEFFICIENTS), COEFFICIENTS)[1:].astype(np.float32)


class Fingerprints(NamedTuple):
    """thumbs: uint8 N x SIDE x SIDE; signatures: float32 N x 5 x 63, unit vectors, one a window;
    flat: bool N, photographs with no contrast.
    """

    thumbs: np.ndarray
    signatures: np.ndarray
    flat: np.ndarray


def take(table: pd.DataFrame) -> Fingerprints:
    """Fingerprints of the rows of an images table; OpenCV lets go of the GIL, so threads help."""
    rows = list(zip(table["path"], table["width"], table["height"], strict=True))
    with ThreadPoolExecutor(machine.cores()) as pool:
        work = pool.map(lambda row: _fingerprint(*row), rows)
        found = list(tqdm(work, "fingerprints", len(rows), disable=None))
    thumbs, signatures = zip(*found, strict=True)
    thumbs = np.stack(thumbs)
    return Fingerprints(thumbs, np.stack(signatures), thumbs.std(axis=(1, 2)) < LEAST_CONTRAST)


def hashes(signatures: np.ndarray) -> np.ndarray:
    """64-bit hashes, uint8 ... x 8, of signatures ... x 63: which coefficients exceed the median.
    (The last bit is always 0.)
    """
    bits = signatures > np.median(signatures, axis=-1, keepdims=True)
    return np.packbits(bits, axis=-1)


def _fingerprint(path: str, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    thumb = thumbnail(path, min(width, height))
    return thumb, np.stack([signature(view(thumb, window)) for window in WINDOWS])


def thumbnail(path: str, shorter: int) -> np.ndarray:
    """The photograph squeezed into SIDE x SIDE grey pixels.

    A JPEG is decoded at 1/2, 1/4 or 1/8 where its shorter side leaves at least 2 x SIDE pixels.
    """
    flags = cv2.IMREAD_GRAYSCALE
    for factor, reduced in ((2, 16), (4, 32), (8, 64)):  # cv2.IMREAD_REDUCED_GRAYSCALE_<factor>
        flags = reduced | cv2.IMREAD_GRAYSCALE if shorter >= 2 * SIDE * factor else flags
    pixels = images.decode(images.contents(path), path, flags)
    return cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def view(thumb: np.ndarray, window: tuple[float, float, float, float]) -> np.ndarray:
    """A window of a thumbnail, enlarged to the thumbnail's size."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(thumb, transform(window), thumb.shape[::-1], flags=flags)


def transform(window: tuple[float, float, float, float]) -> np.ndarray:
    """float32 2 x 3: from a thumbnail of the window to a thumbnail of the whole photograph."""
    x0, y0, x1, y1 = window
    return np.array([[x1 - x0, 0, x0 * SIDE], [0, y1 - y0, y0 * SIDE]], np.float32)


def signature(thumb: np.ndarray) -> np.ndarray:
    """The 63 lowest frequencies but the mean, as a unit vector (zeros for a flat photograph)."""
    small = cv2.resize(thumb, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:COEFFICIENTS, :COEFFICIENTS].ravel()[1:]
    return low / max(float(np.linalg.norm(low)), 1e-6)
