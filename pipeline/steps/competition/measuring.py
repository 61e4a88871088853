"""What is measured of every photograph, and a log of those that are read with a loss."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data import bit_depth, image_header, images, jpeg_damage, photograph_files
from pipeline.data.image_header import Header
from pipeline.data.photograph_files import LeftOut
from pipeline.data.pixels_in_flight import IN_FLIGHT
from pipeline.system.errors import MAX_LINES, UserError

logger = logging.getLogger(__name__)

GREY, PALETTE, CMYK = ("1", "L", "LA", "I;16", "I;16B", "I;16L"), ("P", "PA"), "CMYK"


@dataclass(frozen=True)
class Measured:
    """A photograph in pixels as shown; orientation of EXIF; all 0 and "" if it can't be read.

    fault : why not; "" for what is known to be no file, or was refused for its name
    warning : libjpeg's, of damaged data
    kinds : how it is read, if it is not stored as 8-bit colours
    """

    width: int = 0
    height: int = 0
    bytes: int = 0
    sha256: str = ""
    orientation: int = 1
    fault: str = ""
    warning: str = ""
    kinds: tuple[str, ...] = ()


def measure(path: str) -> Measured:
    """Decode a photograph once, when there is room for it in memory."""
    if not os.path.isfile(path) or os.path.islink(path):  # a pipe would be waited for
        return Measured()
    try:
        images.require_file(path)
        header = image_header.read_header(path)
        with IN_FLIGHT.hold(header.pixels):
            return _measure_decoded(path, header)
    except UserError as error:
        return Measured(fault=str(error))


def _measure_decoded(path: str, header: Header) -> Measured:
    data = images.read_bytes(path)
    complaint = jpeg_damage.try_decoding(data)
    # what libjpeg has decoded without a complaint need not be decoded by OpenCV, which uses it
    plain = complaint == "" and header.mode in ("L", "RGB") and jpeg_damage.is_plain(data)
    pixels = None if plain else images.decode_deep(data, path)
    height, width = (header.height, header.width) if pixels is None else pixels.shape[:2]
    return Measured(
        width,
        height,
        len(data),
        images.hash_bytes(data),
        header.orientation,
        warning=jpeg_damage.select_warning(complaint),
        kinds=tuple(_find_kinds(header, pixels)),
    )


def _find_kinds(header: Header, pixels: np.ndarray | None) -> list[str]:
    """How a photograph is read that is not stored as 8-bit colours; worded to follow a number.

    pixels : None of a plain JPEG
    """
    kinds = []
    if pixels is not None and pixels.dtype != np.uint8:
        depth = bit_depth.find_depth(pixels)
        kinds.append(f"with {depth} bits in 16, of which the upper 8 are used")
    if header.format == image_header.RAW:
        kinds.append("raw, developed with the camera's white balance")
    if header.mode in GREY:
        kinds.append("in grey")
    if header.mode in PALETTE and header.format != "GIF":
        kinds.append("with a palette")
    if header.mode == CMYK:
        kinds.append("in CMYK, converted without its colour profile")
    if header.transparent:
        kinds.append("with transparency, which is dropped: the colours below it are used")
    return kinds


def log_damaged(listed: Sequence[str], names: Sequence[str], measured: Sequence[Measured]) -> None:
    """Name the photographs of which a part may be lost, each with its place in a table."""
    rows = zip(listed, names, measured, strict=True)
    damaged = [f"{place}: {name}: {one.warning}" for place, name, one in rows if one.warning]
    if len(damaged) > MAX_LINES:
        damaged[MAX_LINES:] = [f"... and {len(damaged) - MAX_LINES} more"]
    if damaged:
        logger.warning(
            "%d damaged JPEGs are used as far as they can be decoded: a part may be smeared, "
            "shifted or grey; look at them, and replace or remove them\n  %s",
            sum(1 for one in measured if one.warning),
            "\n  ".join(damaged),
        )
    if not jpeg_damage.AVAILABLE:
        print("competition: JPEGs are not searched for damage: simplejpeg is missing", flush=True)


def log_kinds(names: Sequence[str], measured: Sequence[Measured]) -> None:
    """Count the photographs that are not stored as 8-bit colours."""
    kinds = [
        LeftOut(Path(name), kind)
        for name, one in zip(names, measured, strict=True)
        for kind in one.kinds
    ]
    if kinds:
        lines = "\n  ".join(photograph_files.describe(kinds))
        logger.warning("photographs are read as 8-bit RGB; of them are\n  %s", lines)
