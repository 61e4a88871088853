"""Fingerprints of photographs for the comparison: a grey thumbnail and low frequencies.

The low frequencies are those of a perceptual hash (pHash): 8 x 8 coefficients of a cosine
transform, of the whole photograph and of four windows in it, each about 6 % narrower. A duplicate
that lost a few percent at its sides resembles one of the windows of its original. Of 600
photographs cropped by 1 to 5 % per side, 64 % are within 8 bits of the whole original, and 100 % of
the whole or a window.
"""

from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from pipeline.data import images
from pipeline.data.pixels_in_flight import IN_FLIGHT
from pipeline.system.threads import map_in_threads

SIZE = 96  # width and height of a thumbnail in pixels, whatever the photograph's shape
COEFFICIENTS = 8  # per direction
# x0, y0, x1, y1 as fractions of the photograph
WINDOWS = [(0.0, 0.0, 1.0, 1.0)] + [
    (0.03 + right, 0.03 + down, 0.97 + right, 0.97 + down)
    for right in (-0.01, 0.01)
    for down in (-0.01, 0.01)
]
MIN_CONTRAST = 2.0  # grey levels (0 to 255); below it there is nothing to compare
# The mirror image has the same coefficients, the odd horizontal frequencies with the other sign.
MIRROR = np.tile((-1.0) ** np.arange(COEFFICIENTS), COEFFICIENTS)[1:].astype(np.float32)

Window = tuple[float, float, float, float]


class Fingerprints(NamedTuple):
    """Fingerprints of N photographs.

    thumbnails : uint8 N x SIZE x SIZE
    signatures : float32 N x 5 x 63, one unit vector per window
    flat : bool N, which photographs have no contrast
    """

    thumbnails: np.ndarray
    signatures: np.ndarray
    flat: np.ndarray


def compute_fingerprints(table: pd.DataFrame) -> Fingerprints:
    """Compute the fingerprints of an "images" table's rows, in threads: OpenCV releases the GIL."""
    rows = list(zip(table["path"], table["width"], table["height"], strict=True))
    thumbnails = np.empty((len(rows), SIZE, SIZE), np.uint8)
    signatures = np.empty((len(rows), len(WINDOWS), COEFFICIENTS**2 - 1), np.float32)

    def fill(place: int) -> None:
        thumbnails[place], signatures[place] = _fingerprint(*rows[place])

    map_in_threads(fill, range(len(rows)), "fingerprints")
    # one by one: all at once, they would be numbers of eight bytes
    flat = np.array([thumbnail.std() < MIN_CONTRAST for thumbnail in thumbnails])
    return Fingerprints(thumbnails, signatures, flat)


def compute_hashes(signatures: np.ndarray) -> np.ndarray:
    """Compute 64-bit hashes (uint8 ... x 8) of signatures (... x 63).

    The bits tell which coefficients exceed the median; the last bit is always 0.
    """
    bits = signatures > np.median(signatures, axis=-1, keepdims=True)
    return np.packbits(bits, axis=-1)


def _fingerprint(path: str, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    with IN_FLIGHT.hold(width * height):
        thumbnail = read_thumbnail(path, min(width, height))
    windows = [cut_window(thumbnail, window) for window in WINDOWS]
    return thumbnail, np.stack([compute_signature(window) for window in windows])


def read_thumbnail(path: str, shorter_side: int) -> np.ndarray:
    """Read a photograph, squeezed into SIZE x SIZE grey pixels.

    A JPEG is decoded at 1/2, 1/4 or 1/8 if that leaves its shorter side at least 2 x SIZE pixels.
    """
    data, flags = images.read_bytes(path), cv2.IMREAD_GRAYSCALE
    if images.is_averaged(path, data):
        for factor, reduced in ((2, 16), (4, 32), (8, 64)):  # IMREAD_REDUCED_GRAYSCALE_<factor>
            flags = reduced | cv2.IMREAD_GRAYSCALE if shorter_side >= 2 * SIZE * factor else flags
    pixels = images.decode(data, path, flags)
    return cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def cut_window(thumbnail: np.ndarray, window: Window) -> np.ndarray:
    """Cut a window out of a thumbnail, enlarged to the thumbnail's size."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(thumbnail, window_transform(window), thumbnail.shape[::-1], flags=flags)


def window_transform(window: Window) -> np.ndarray:
    """Return the float32 2 x 3 transform from a window's thumbnail to the whole photograph's."""
    x0, y0, x1, y1 = window
    return np.array([[x1 - x0, 0, x0 * SIZE], [0, y1 - y0, y0 * SIZE]], np.float32)


def compute_signature(thumbnail: np.ndarray) -> np.ndarray:
    """Compute the 63 lowest frequencies except the mean, as a unit vector (zeros if flat)."""
    small = cv2.resize(thumbnail, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:COEFFICIENTS, :COEFFICIENTS].ravel()[1:]
    return low / max(float(np.linalg.norm(low)), 1e-6)
