"""Photographs as arrays: decoding, hashing and the names of files."""

import hashlib
import os
import stat
from pathlib import Path

import cv2
import numpy as np

from pipeline.data import unread_kinds

EXTENSIONS = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png"),
    *(".bmp", ".tif", ".tiff", ".webp", ".avif"),
    ".gif",  # its first frame
}


def read_rgb(path: str | Path) -> np.ndarray:
    """Read a photograph as uint8 H x W x 3 in RGB, rotated by its EXIF orientation.

    Raises ValueError naming the file if it is missing, empty, truncated or no image.
    """
    return cv2.cvtColor(decode(read_bytes(path), path), cv2.COLOR_BGR2RGB)


def read_size(path: str | Path) -> tuple[int, int]:
    """Read (width, height) in pixels, after the EXIF orientation; decodes the photograph."""
    height, width = read_rgb(path).shape[:2]
    return width, height


def read_bytes(path: str | Path) -> bytes:
    """Read a file; raises ValueError if it is none, cannot be opened or is empty."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would be waited for
            raise ValueError(f"{path}: is not a file")
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: can't be opened ({error.strerror})") from None
    if not data:
        raise ValueError(f"{path}: zero bytes")
    return data


def hash_bytes(data: bytes) -> str:
    """The SHA-256 by which identical files are recognised, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def decode(data: bytes, path: str | Path, flags: int = cv2.IMREAD_COLOR) -> np.ndarray:
    """Decode an image, in OpenCV's BGR or grey; `path` is for the message only.

    OpenCV 5 refuses a truncated image; OpenCV 4 filled the rest with grey without a warning.
    """
    pixels: np.ndarray | None
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        pixels = None
    if pixels is None:
        remedy = unread_kinds.way_out(path, data)
        raise ValueError(f"{path}: not an image, or truncated: OpenCV can't decode it{remedy}")
    return pixels
