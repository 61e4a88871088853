"""Photographs as arrays: decoding, hashing and the names of files."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from pipeline.data import bit_depth, heic, image_header, raw
from pipeline.data.pixels_in_flight import IN_FLIGHT
from pipeline.system.errors import UserError

EXTENSIONS = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png"),
    *(".bmp", ".tif", ".tiff", ".webp", ".avif"),
    ".gif",  # its first frame
    *heic.ENDINGS,
    *raw.ENDINGS,
}
STRIP = 2**22  # pixels whose channels are exchanged at once
READ_TYPES = (np.uint8, np.uint16)
JPEG = b"\xff\xd8"  # its first bytes
REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
# what OpenCV does to show a photograph turned by each EXIF orientation
TURNS = {
    **{2: (False, 1), 3: (False, -1), 4: (False, 0)},
    **{5: (True, None), 6: (True, 1), 7: (True, -1), 8: (True, 0)},
}
MAX_BYTES = 10**9  # no photograph of image_header.MAX_PIXELS is larger, even if it is not packed


def read_rgb(path: str | Path, reduction: int = 1) -> np.ndarray:
    """Read a photograph as uint8 H x W x 3 in RGB, rotated by its EXIF orientation.

    reduction : 1, 2, 4 or 8; the sides are divided by it and rounded up. A JPEG is decoded so, in a
        third of the time.

    Raises UserError naming the file if it is missing, empty, truncated, too large or no image.
    """
    data = read_bytes(path)
    # IMREAD_COLOR_RGB would spare this, but decodes 16-bit TIFFs to other pixels (OpenCV 5.0.0)
    if is_averaged(path, data):
        pixels = decode(data, path, REDUCED[reduction])
    else:
        pixels = shrink(decode(data, path), reduction)
    rows = max(1, STRIP // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        strip = pixels[top : top + rows]
        cv2.cvtColor(strip, cv2.COLOR_BGR2RGB, dst=strip)
    return pixels


def is_averaged(path: str | Path, data: bytes) -> bool:
    """Whether decoding a file at 1/2, 1/4 or 1/8 averages its pixels; else OpenCV skips some."""
    return data.startswith(JPEG) or raw.is_raw(path, data[: image_header.START])


def shrink(pixels: np.ndarray, reduction: int) -> np.ndarray:
    """Average blocks of `reduction` x `reduction` pixels; the edge fills up the last ones."""
    if reduction == 1:
        return pixels
    height, width = pixels.shape[:2]
    right, bottom = -width % reduction, -height % reduction
    if right or bottom:
        pixels = cv2.copyMakeBorder(pixels, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    size = pixels.shape[1] // reduction, pixels.shape[0] // reduction
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def choose_reduction(width: int, height: int, least_width: int, least_height: int) -> int:
    """By what a photograph can be reduced so that it is not smaller than the given size."""
    fitting = (k for k in REDUCED if width >= k * least_width and height >= k * least_height)
    return max(fitting, default=1)


@contextmanager
def open_rgb(path: str | Path) -> Iterator[np.ndarray]:
    """Read as `read_rgb`, once there is room for the photograph beside those of other threads.

    Nothing else is opened so inside of the `with` block, after which the array is to be dropped.
    """
    require_file(path)
    with IN_FLIGHT.hold(image_header.read_header(path).pixels):
        yield read_rgb(path)


def read_size(path: str | Path) -> tuple[int, int]:
    """Read (width, height) in pixels, after the EXIF orientation; decodes the photograph."""
    height, width = read_rgb(path).shape[:2]
    return width, height


def read_bytes(path: str | Path) -> bytes:
    """Read a file; raises UserError if it is none, cannot be opened, is empty or too large."""
    require_file(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: can't be opened ({error.strerror})") from None
    return data


def require_file(path: str | Path) -> None:
    """Raise UserError unless `path` is a file that may be a photograph. Opens nothing."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise UserError(f"{path}: can't be opened ({error.strerror})") from None
    if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
        raise UserError(f"{path}: is not a file")
    if not status.st_size:
        raise UserError(f"{path}: zero bytes")
    if status.st_size > MAX_BYTES:
        raise UserError(
            f"{path}: {status.st_size / 1e9:.1f} GB; a photograph has at most "
            f"{MAX_BYTES / 1e9:.0f} GB: make it smaller, or remove it"
        )


def hash_bytes(data: bytes) -> str:
    """The SHA-256 by which identical files are recognised, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def decode(data: bytes, path: str | Path, flags: int = cv2.IMREAD_COLOR) -> np.ndarray:
    """Decode an image as uint8, in OpenCV's BGR or grey; `path` is for the message only.

    Of 16 bits the upper 8 of those that are used are left. Raises UserError naming the file, before
    anything is decoded if it has too many pixels.
    """
    return bit_depth.reduce_depth(decode_deep(data, path, flags))


def decode_deep(data: bytes, path: str | Path, flags: int = cv2.IMREAD_COLOR) -> np.ndarray:
    """Decode as `decode`, but with as many bits as are stored: uint8 or uint16.

    OpenCV 5 refuses a truncated image; OpenCV 4 filled the rest with grey without a warning.
    """
    header = image_header.read_header(path, data)
    if header.format in (image_header.HEIC, image_header.RAW):
        return _decode_elsewhere(data, path, header.format, flags)
    avif = header.format == "AVIF"  # OpenCV does not turn one by its own transformations (5.0.0)
    flags |= cv2.IMREAD_ANYDEPTH | (cv2.IMREAD_IGNORE_ORIENTATION if avif else 0)
    pixels: np.ndarray | None
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        pixels = None
    if header.mode in ("F", "I") or (pixels is not None and pixels.dtype not in READ_TYPES):
        raise UserError(
            f"{path}: has numbers of 32 bits, or with a sign, as pixels: export it with 8 or 16 "
            "bits per channel, as by `magick mogrify -depth 16 FILE`"
        )
    if pixels is None:
        raise image_header.not_an_image(path, data)
    return turn(pixels, header.orientation) if avif else pixels


def turn(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror stored pixels as EXIF's orientation, 1 to 8, says that they are shown."""
    if orientation == 1:
        return pixels
    quarter, mirror = TURNS[orientation]
    pixels = cv2.transpose(pixels) if quarter else pixels
    return pixels if mirror is None else cv2.flip(pixels, mirror)


def _decode_elsewhere(data: bytes, path: str | Path, kind: str, flags: int) -> np.ndarray:
    """Decode what OpenCV can't as it would by its flags: BGR or grey, maybe reduced."""
    reduction = next((k for k, flag in REDUCED.items() if flags > 0 and flags & flag & ~1), 1)
    try:
        if kind == image_header.HEIC:
            pixels = heic.decode(data, path)
        else:
            pixels = raw.decode(data, path, halve=reduction > 1)
            reduction = max(1, reduction // 2)
    except UserError:
        raise
    except Exception:  # the readers of damaged files raise whatever comes up
        raise image_header.not_an_image(path, data) from None
    code = cv2.COLOR_RGB2BGR if flags & cv2.IMREAD_COLOR else cv2.COLOR_RGB2GRAY
    return cv2.cvtColor(shrink(pixels, reduction), code)
