"""Raw photographs of cameras, developed with rawpy (LibRaw), imported with the first of them.

They are developed with the camera's white balance to sRGB, and turned as the camera was held. Most
are TIFFs whose first image is a thumbnail, so a raw photograph must never be read as a TIFF.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.system.errors import UserError

ENDINGS = {
    *(".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".orf", ".raf", ".rw2", ".pef", ".srw"),
}
DNG_VERSION = 50706  # a tag of every DNG
TIFFS = (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
OTHERS = (b"FUJIFILM", b"\0\0\0\x18ftypcrx ")
MISSING = (
    "is a raw photograph, for which rawpy is missing: `pip install rawpy`, or export it as JPEG"
)


def is_raw(path: str | Path, start: bytes) -> bool:
    """Whether a file is a raw photograph, by its first 64 bytes and its ending.

    A JPEG that is called .dng is none. A DNG that is called .tif is found by DNG_VERSION.
    """
    if start[8:10] == b"CR" or start.startswith(OTHERS):
        return True
    return start.startswith(TIFFS) and Path(path).suffix.lower() in ENDINGS


def read_size(path: str | Path, data: bytes | None = None) -> tuple[int, int]:
    """Read (width, height) as shown; of the content `data` if that is given. Develops nothing.

    Raises UserError if rawpy is missing, and whatever it raises itself for damaged files.
    """
    with _open(path, data) as photograph:
        sizes = photograph.sizes
        size = sizes.width, sizes.height
        return size[::-1] if sizes.flip & 4 else size  # LibRaw's bit of a quarter of a turn


def decode(data: bytes, path: str | Path, halve: bool = False) -> np.ndarray:
    """Develop to uint8 H x W x 3 in RGB, turned as shown. Raises as `read_size`.

    halve : one pixel for each 2 x 2 of the sensor, in a quarter of the memory
    """
    with _open(path, data) as photograph:
        return photograph.postprocess(use_camera_wb=True, half_size=halve, output_bps=8)


def _open(path: str | Path, data: bytes | None) -> Any:  # noqa: ANN401
    try:
        import rawpy
    except ImportError:
        raise UserError(f"{path}: {MISSING}") from None
    return rawpy.imread(str(path) if data is None else io.BytesIO(data))
