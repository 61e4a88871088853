"""Photographs that would not fit into memory are refused by their headers."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipeline.data import image_header, images


def claim(kind, width, height):
    """A small file whose header claims a size; its pixels are missing."""
    if kind == "png":
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n"
        for chunk in (b"IHDR" + header, b"IDAT"):
            data += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        return data
    if kind == "bmp":
        header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
        return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header
    output = io.BytesIO()
    Image.new("RGB", (8, 4)).save(output, "JPEG" if kind == "jpg" else "GIF")
    small = (struct.pack(">HH", 4, 8), struct.pack("<HH", 8, 4))[kind == "gif"]
    large = (struct.pack(">HH", height, width), struct.pack("<HH", width, height))[kind == "gif"]
    return output.getvalue().replace(small, large, 1)


@pytest.mark.fault(
    "photographs",
    "a file of a few bytes that asks for gigabytes when it is decoded",
    "refused by its header, with the file, its size, the limit and the way out",
)
@pytest.mark.parametrize("kind", ["png", "bmp", "jpg", "gif"])
def test_large_photographs_are_not_decoded(tmp_path, monkeypatch, kind):
    path = tmp_path / f"a.{kind}"
    path.write_bytes(claim(kind, 30_000, 20_000))
    monkeypatch.delattr(images.cv2, "imdecode")
    message = (
        rf"a\.{kind}: 30000 x 20000 pixels, 600 megapixels; at most 110 are read.*-resize.*remove"
    )
    with pytest.raises(ValueError, match=message):
        images.read_rgb(path)
    with pytest.raises(ValueError, match=message), images.open_rgb(path):
        pass


def test_the_limit_is_of_pixels(tmp_path):
    for width, height in ((11_000, 10_000), (110_000_000 // 4, 4)):
        header = image_header.read_header("a.png", claim("png", width, height))
        assert header.pixels == image_header.MAX_PIXELS
    with pytest.raises(ValueError, match="11001 x 10000"):
        image_header.read_header("a.png", claim("png", 11_001, 10_000))


@pytest.mark.fault(
    "photographs", "a file of many gigabytes called .jpg", "refused before it is read"
)
def test_large_files_are_not_read(tmp_path):
    with (tmp_path / "a.jpg").open("wb") as file:
        file.truncate(3 * 10**9)  # takes no room on the disk
    with pytest.raises(ValueError, match=r"a\.jpg: 3\.0 GB; a photograph has at most 1 GB"):
        images.read_rgb(tmp_path / "a.jpg")


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_sizes_are_those_stored_and_the_turn_is_exifs(orientation, kind):
    exif = Image.Exif()
    exif[image_header.ORIENTATION] = orientation
    output = io.BytesIO()
    Image.new("RGB", (8, 4)).save(output, kind, exif=exif)
    header = image_header.read_header("a", output.getvalue())
    assert (header.width, header.height, header.orientation) == (8, 4, orientation)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_turns_nothing():
    output = io.BytesIO()
    Image.new("RGB", (8, 4)).save(output, "JPEG")
    data = output.getvalue()
    block = b"Exif\0\0MM\0*\xff\xff\xff\xff\xff"
    damaged = data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]
    assert image_header.read_header("a", damaged).orientation == 1
    assert images.decode(damaged, "a").shape == (4, 8, 3)


def test_transparency_is_seen():
    for mode, expected in (("RGB", False), ("RGBA", True), ("LA", True), ("P", False)):
        output = io.BytesIO()
        Image.fromarray(np.zeros((4, 8), np.uint8)).convert(mode).save(output, "PNG")
        assert image_header.read_header("a", output.getvalue()).transparent is expected


def test_no_pixel_is_decoded(monkeypatch):
    def refuse(self):
        raise AssertionError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", refuse)
    assert image_header.read_header("a.png", claim("png", 8, 4)).pixels == 32
