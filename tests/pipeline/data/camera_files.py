"""Photographs as telephones and cameras write them, made here: four coloured quarters."""

import io
import os
import struct

import numpy as np
import pytest
from PIL import Image

# red, green / blue, white
QUARTERS = np.array([[[200, 30, 30], [30, 200, 30]], [[30, 30, 200], [220, 220, 220]]], np.uint8)
MATRIX = (3.2404542, -1.5371385, -0.4985314, -0.9692660, 1.8760108, 0.0415560)
MATRIX += (0.0556434, -0.2040259, 1.0572252)  # of XYZ to linear sRGB
BYTE, TEXT, SHORT, LONG, RATIONAL, SIGNED = 1, 2, 3, 4, 5, 10
LETTERS = {BYTE: "B", SHORT: "H", LONG: "I"}


def require(library):
    """A library that reads a kind of photograph; without it a test is skipped, and fails in CI."""
    if os.environ.get("CI"):
        return __import__(library)
    return pytest.importorskip(library)


def draw(height=64, width=96):
    return QUARTERS.repeat(height // 2, axis=0).repeat(width // 2, axis=1)


def name_quarters(pixels):
    """The letters of the four quarters, row by row: "rgbw" as they are drawn."""
    height, width = pixels.shape[:2]
    places = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    means = [pixels[y - 2 : y + 3, x - 2 : x + 3].mean(axis=(0, 1)) for y, x in places]
    return "".join("w" if min(mean) > 120 else "rgb"[int(np.argmax(mean))] for mean in means)


def encode(kind, orientation=1, pixels=None):
    """A file of Pillow's format with an EXIF orientation; a HEIC gets irot and imir for it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    output = io.BytesIO()
    image = Image.fromarray(draw() if pixels is None else pixels)
    if kind == "HEIF":
        require("pillow_heif").register_heif_opener()
    image = image.convert("CMYK") if kind == "CMYK" else image
    image.save(output, "JPEG" if kind == "CMYK" else kind, exif=exif.tobytes(), quality=95)
    return output.getvalue()


def encode_dng(orientation=1, pixels=None):
    """A DNG of 12 bits: a Bayer mosaic RGGB of linear sRGB, uncompressed."""
    rgb = draw() if pixels is None else pixels
    mosaic = np.empty(rgb.shape[:2], "<u2")
    for y, x, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[y::2, x::2] = np.square(rgb[y::2, x::2, channel] / 255) * 4095
    height, width = mosaic.shape
    start = 1024
    tags = [
        *((254, LONG, [0]), (256, LONG, [width]), (257, LONG, [height]), (258, SHORT, [16])),
        *((259, SHORT, [1]), (262, SHORT, [32803]), (271, TEXT, b"Test\0")),
        *((272, TEXT, b"Camera\0"), (273, LONG, [start]), (274, SHORT, [orientation])),
        *((277, SHORT, [1]), (278, LONG, [height]), (279, LONG, [mosaic.nbytes])),
        *((33421, SHORT, [2, 2]), (33422, BYTE, [0, 1, 1, 2]), (50706, BYTE, [1, 4, 0, 0])),
        *((50708, TEXT, b"Test Camera\0"), (50717, LONG, [4095])),
        (50721, SIGNED, [number for value in MATRIX for number in (round(value * 10**7), 10**7)]),
        *((50728, RATIONAL, [1, 1] * 3), (50778, SHORT, [21])),
    ]
    return _write_tags(tags).ljust(start, b"\0") + mosaic.tobytes()


def _write_tags(tags):
    """The header of a TIFF with one directory."""
    entries, further = b"", b""
    behind = 8 + 2 + 12 * len(tags) + 4
    for tag, kind, values in tags:
        pair = kind in (RATIONAL, SIGNED)
        letter = LETTERS.get(kind, "i" if kind == SIGNED else "I")
        data = values if kind == TEXT else struct.pack(f"<{len(values)}{letter}", *values)
        entries += struct.pack("<HHI", tag, kind, len(values) // (2 if pair else 1))
        if len(data) <= 4:
            entries += data.ljust(4, b"\0")
        else:
            entries += struct.pack("<I", behind + len(further))
            further += data + b"\0" * (len(data) % 2)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + further
