"""HEIC photographs of telephones, read with pillow-heif, which is imported with the first of them.

They are shown as their own transformations say, which libheif has applied to the size and to the
pixels. EXIF's orientation repeats these and is passed over (ISO/IEC 23008-12).
"""

import io
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.system.errors import UserError

ENDINGS = {".heic", ".heif", ".hif"}
BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
MISSING = (
    "is HEIC, for which pillow-heif is missing: `pip install pillow-heif`, or convert it to JPEG, "
    "as by `magick mogrify -format jpg FILE`"
)


def is_heic(start: bytes) -> bool:
    """Whether the first 64 bytes of a file are those of a HEIC, whatever its name.

    AVIF has the general brands too, beside its own.
    """
    if start[4:8] != b"ftyp" or start[8:12] not in BRANDS:
        return False
    listed = start[8 : min(64, int.from_bytes(start[:4]))]
    return b"avif" not in listed and b"avis" not in listed


def read_size(path: str | Path, data: bytes | None = None) -> tuple[int, int]:
    """Read (width, height) as shown; of the content `data` if that is given. Decodes nothing.

    Raises UserError if pillow-heif is missing, and whatever it raises itself for damaged files.
    """
    return tuple(_open(path, data).size)


def read_exif(path: str | Path) -> bytes:
    """Read the EXIF block; empty if there is none. Raises as `read_size`."""
    return _open(path, None).info.get("exif") or b""


def decode(data: bytes, path: str | Path) -> np.ndarray:
    """Decode as uint8 H x W x 3 in RGB, turned as shown. Raises as `read_size`."""
    photograph = _open(path, data)
    pixels = np.asarray(photograph)
    if photograph.mode in ("L", "LA"):
        return np.repeat(pixels.reshape(*pixels.shape[:2], -1)[..., :1], 3, axis=2)
    return np.ascontiguousarray(pixels[..., :3])


def _open(path: str | Path, data: bytes | None) -> Any:  # noqa: ANN401
    try:
        import pillow_heif
    except ImportError:
        raise UserError(f"{path}: {MISSING}") from None
    return pillow_heif.open_heif(path if data is None else io.BytesIO(data))
