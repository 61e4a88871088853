"""What a photograph's header says, read before the photograph is decoded: size, kind, turn.

A file of a few kilobytes can ask for gigabytes when it is decoded. Its header tells.
"""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pipeline.data import heic, raw, unread_kinds
from pipeline.system.errors import UserError

# cameras of "100 megapixels" have 102, telephones 108; the stages hold so many within 2 GB
MAX_PIXELS = 110_000_000
MEGAPIXEL = 1_000_000
ORIENTATION = 0x0112  # the tag of EXIF; 1 is upright, 5 to 8 exchange width and height
# those of images.EXTENSIONS, and what is found under such names
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "AVIF", "PPM", "JPEG2000")
# of photographs that other readers decode, which also turn them
HEIC, RAW = "HEIC", "RAW"
START = 64  # bytes that tell these apart
# only headers are read with Pillow, and MAX_PIXELS is stricter than its own limit
Image.MAX_IMAGE_PIXELS = None
# of damaged EXIF blocks, without the file's name
warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True)
class Header:
    """A photograph as stored: its size before it is turned, and EXIF's orientation, 1 to 8.

    The size of a TIFF, a HEIC and a raw photograph is turned already.
    """

    width: int
    height: int
    format: str
    mode: str  # of Pillow: "RGB", "L", "CMYK", ...
    orientation: int
    transparent: bool  # has an alpha channel, or a transparent colour

    @property
    def pixels(self) -> int:
        return self.width * self.height


def read_header(path: str | Path, data: bytes | None = None) -> Header:
    """Read the header of a file, or of its content if that is given.

    Raises UserError naming the file if it is no image, or has more than MAX_PIXELS.
    """
    try:
        header = _read(path, data)
    except UserError:
        raise
    except Exception:  # the readers of damaged headers raise whatever comes up
        raise not_an_image(path, data or b"") from None
    if header.pixels > MAX_PIXELS:
        raise UserError(
            f"{path}: {header.width} x {header.height} pixels, "
            f"{header.pixels / MEGAPIXEL:.0f} megapixels; at most {MAX_PIXELS // MEGAPIXEL} are "
            "read, so that they fit into memory: make it smaller, as by `magick mogrify -resize "
            "6000x6000 FILE`, or remove it"
        )
    return header


def _read(path: str | Path, data: bytes | None) -> Header:
    start = read_start(path) if data is None else data[:START]
    if heic.is_heic(start):
        return Header(*heic.read_size(path, data), HEIC, "RGB", 1, False)
    if raw.is_raw(path, start):
        return Header(*raw.read_size(path, data), RAW, "RGB", 1, False)
    with Image.open(path if data is None else io.BytesIO(data), formats=FORMATS) as image:
        if raw.DNG_VERSION in getattr(image, "tag_v2", ()):
            return Header(*raw.read_size(path, data), RAW, "RGB", 1, False)
        return _describe(image)


def read_start(path: str | Path) -> bytes:
    """Read the first bytes of a file."""
    with Path(path).open("rb") as file:
        return file.read(START)


def not_an_image(path: str | Path, data: bytes = b"") -> UserError:
    """The error for a file that can't be decoded; its ending may tell what it is."""
    reader = "OpenCV"
    if heic.is_heic(data[:START]):
        reader = "libheif"
    elif raw.is_raw(path, data[:START]):
        reader = "LibRaw"
    remedy = unread_kinds.way_out(path)
    return UserError(f"{path}: not an image, or truncated: {reader} can't decode it{remedy}")


def _describe(image: Image.Image) -> Header:
    transparent = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
    return Header(
        *image.size, image.format or "", image.mode, _find_orientation(image), transparent
    )


def _find_orientation(image: Image.Image) -> int:
    try:
        # a PNG's own method would decode all pixels to look for a block behind them
        orientation = Image.Image.getexif(image).get(ORIENTATION, 1)
    except Exception:  # a damaged block of EXIF turns nothing
        return 1
    return orientation if orientation in range(1, 9) else 1
