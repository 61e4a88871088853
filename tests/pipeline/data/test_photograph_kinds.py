"""Every kind of photograph has the right pixels, turned once, or a message that helps."""

import io
import struct
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.data import image_header, images
from tests.pipeline.data import camera_files

# what is drawn as rgbw, shown by each EXIF orientation
SHOWN = {
    **{1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg"},
    **{5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb"},
}
KINDS = {
    **{"a.jpg": "JPEG", "a.png": "PNG", "a.tif": "TIFF", "a.webp": "WEBP", "a.avif": "AVIF"},
    **{"a.heic": "HEIF", "cmyk.jpg": "CMYK", "a.dng": "DNG"},
}
LIBRARIES = {"HEIF": "pillow_heif", "DNG": "rawpy"}


def encode(kind, orientation=1):
    if kind in LIBRARIES:
        camera_files.require(LIBRARIES[kind])
    if kind == "DNG":
        return camera_files.encode_dng(orientation)
    return camera_files.encode(kind, orientation)


@pytest.mark.fault(
    "photographs",
    "HEIC, AVIF, raw (DNG), CMYK and other kinds, turned or mirrored by their orientation",
    "read with the right colours, turned once",
)
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_read_and_turned_once(tmp_path, name):
    for orientation, shown in SHOWN.items():
        path = tmp_path / name
        path.write_bytes(encode(KINDS[name], orientation))
        pixels = images.read_rgb(path)
        assert camera_files.name_quarters(pixels) == shown, orientation
        assert pixels.shape == ((96, 64, 3) if orientation > 4 else (64, 96, 3))
        for reduction in (2, 4):
            reduced = images.read_rgb(path, reduction)
            assert camera_files.name_quarters(reduced) == shown
            assert reduced.shape[:2] == tuple(side // reduction for side in pixels.shape[:2])
        grey = images.decode(path.read_bytes(), path, cv2.IMREAD_GRAYSCALE)
        assert grey.shape == pixels.shape[:2]
        assert abs(grey.mean() - cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).mean()) < 2


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.avif", "a.heic"])
def test_colours_are_those_that_were_drawn(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(encode(KINDS[name]))
    difference = images.read_rgb(path).astype(int) - camera_files.draw()
    assert np.abs(difference[4:28, 4:44]).max() < 12


def test_the_orientation_of_a_heic_without_transformations_is_passed_over():
    """Its EXIF repeats what irot says; alone it turns nothing."""
    turned = encode("HEIF", 6)
    assert b"\x01\x12\0\x03\0\0\0\x01\0\x06" in turned and turned.count(b"irot\x03") == 1
    upright = turned.replace(b"irot\x03", b"irot\x00")
    assert camera_files.name_quarters(images.decode(upright, "a.heic")[..., ::-1]) == "rgbw"


def test_a_heic_of_more_bits_has_the_same_colours():
    library = camera_files.require("pillow_heif")
    deep = camera_files.draw().astype(np.uint16) << 8
    heif = library.from_bytes("RGB;16", (96, 64), deep.tobytes())
    output = io.BytesIO()
    heif.save(output, quality=95)
    difference = images.decode(output.getvalue(), "a.heic")[..., ::-1].astype(int)
    assert np.abs(difference - camera_files.draw())[4:28, 4:44].max() < 12


def test_grey_and_transparent_heic_have_three_channels():
    library = camera_files.require("pillow_heif")
    library.register_heif_opener()
    for mode in ("L", "RGBA"):
        output = io.BytesIO()
        Image.fromarray(camera_files.draw()).convert(mode).save(output, "HEIF", quality=95)
        pixels = images.decode(output.getvalue(), "a.heic")
        assert pixels.shape == (64, 96, 3) and abs(int(pixels[50, 80, 0]) - 220) < 12


@pytest.mark.parametrize("kind", ["HEIF", "DNG", "AVIF"])
def test_the_content_decides_not_the_name(tmp_path, kind):
    """HEIC and DNG that are called .jpg and .tif, and a JPEG that is called .heic or .dng."""
    path = tmp_path / ("a.tif" if kind == "DNG" else "a.jpg")
    path.write_bytes(with_thumbnail(encode("DNG")) if kind == "DNG" else encode(kind))
    assert camera_files.name_quarters(images.read_rgb(path)) == "rgbw"
    assert images.read_rgb(path).shape == (64, 96, 3)
    for name in ("b.heic", "b.dng"):
        (tmp_path / name).write_bytes(encode("JPEG"))
        assert camera_files.name_quarters(images.read_rgb(tmp_path / name)) == "rgbw"


def with_thumbnail(dng):
    """The DNG as cameras write it: the first image is a thumbnail, the mosaic a sub-image."""
    count = struct.unpack_from("<H", dng, 8)[0]
    tags = [struct.unpack_from("<HHI4s", dng, 10 + 12 * i) for i in range(count)]
    own = dng.ljust(len(dng) + len(dng) % 2, b"\0")
    sub = len(own)
    of_sub = [tag for tag in tags if tag[0] not in range(50706, 50780)]
    sub_directory = struct.pack("<H", len(of_sub))
    sub_directory += b"".join(struct.pack("<HHI4s", *tag) for tag in of_sub) + bytes(4)
    pixels = np.full((4, 6, 3), 99, np.uint8).tobytes()
    place = sub + len(sub_directory)
    small = {256: 6, 257: 4, 258: 8, 262: 2, 273: place, 277: 3, 278: 4, 279: len(pixels), 254: 1}
    first = [tag for tag in tags if tag[0] not in (33421, 33422, 50717, *small)]
    first += [(tag, 4, 1, struct.pack("<I", value)) for tag, value in small.items()]
    first += [(330, 4, 1, struct.pack("<I", sub))]
    start = place + len(pixels)
    directory = struct.pack("<H", len(first))
    directory += b"".join(struct.pack("<HHI4s", *tag) for tag in sorted(first)) + bytes(4)
    return own[:4] + struct.pack("<I", start) + own[8:] + sub_directory + pixels + directory


@pytest.mark.parametrize("kind", ["HEIF", "DNG", "AVIF"])
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused(tmp_path, kind, fraction):
    path = tmp_path / {"HEIF": "a.heic", "DNG": "a.dng", "AVIF": "a.avif"}[kind]
    data = encode(kind)
    path.write_bytes(data[: int(len(data) * fraction)])
    with pytest.raises(ValueError, match=rf"{path.name}: not an image, or truncated"):
        images.read_rgb(path)


@pytest.mark.fault(
    "photographs",
    "HEIC or raw photographs where the library that reads them is not installed",
    "one line that says what to install, or how to convert them",
)
@pytest.mark.parametrize(
    ("name", "start", "library", "way_out"),
    [
        ("a.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "pillow_heif", "pip install pillow-heif"),
        ("a.HEIC", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "pillow_heif", "magick mogrify"),
        ("a.NEF", b"MM\0*\0\0\0\x08", "rawpy", "pip install rawpy"),
        ("a.CR3", b"\0\0\0\x18ftypcrx \0\0\0\x01", "rawpy", "export it as JPEG"),
        ("a.raf", b"FUJIFILMCCD-RAW ", "rawpy", "pip install rawpy"),
    ],
)
def test_a_missing_library_is_named(tmp_path, monkeypatch, name, start, library, way_out):
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / name).write_bytes(start + bytes(80))
    with pytest.raises(ValueError, match=rf"{name}: is .*{way_out}") as caught:
        images.read_rgb(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.heic", "a.dng"])
def test_a_size_is_read_without_decoding(tmp_path, monkeypatch, name):
    (tmp_path / name).write_bytes(encode(KINDS[name], 6))
    monkeypatch.setattr(image_header.heic, "decode", None)
    monkeypatch.setattr(image_header.raw, "decode", None)
    header = image_header.read_header(tmp_path / name)
    assert (header.width, header.height, header.orientation) == (64, 96, 1)


@pytest.mark.parametrize("kind", ["HEIF", "DNG"])
def test_the_limit_of_pixels_holds(monkeypatch, kind):
    data = encode(kind)
    monkeypatch.setattr(image_header, "MAX_PIXELS", 64 * 96 - 1)
    with pytest.raises(ValueError, match="64 x 96 pixels|96 x 64 pixels"):
        images.decode(data, "a.heic" if kind == "HEIF" else "a.dng")
