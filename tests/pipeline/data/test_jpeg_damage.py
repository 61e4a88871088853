"""JPEGs that are decoded although a part of their data is damaged."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.data import image_header, images, jpeg_damage

PICTURE = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)

pytestmark = pytest.mark.skipif(not jpeg_damage.AVAILABLE, reason="needs simplejpeg")


def encode(*settings):
    return cv2.imencode(".jpg", PICTURE, settings)[1].tobytes()


def find_warning(data):
    return jpeg_damage.select_warning(jpeg_damage.try_decoding(data))


def overwrite(data, length):
    """Some bytes in the middle are 0."""
    middle = len(data) // 2
    return data[:middle] + bytes(length) + data[middle + length :]


@pytest.mark.fault(
    "photographs",
    "a JPEG whose middle is missing or overwritten, so that it is decoded with half of it smeared",
    "found, in libjpeg's words",
)
@pytest.mark.parametrize("progressive", [0, 1])
@pytest.mark.parametrize(
    "damage", [lambda data: overwrite(data, 900), lambda data: data[: len(data) // 2] + data[-2:]]
)
def test_damage_in_the_middle_is_found(progressive, damage):
    data = damage(encode(cv2.IMWRITE_JPEG_PROGRESSIVE, progressive))
    assert images.decode(data, "a.jpg").shape == PICTURE.shape  # OpenCV says nothing
    assert find_warning(data).startswith("Corrupt JPEG data")


@pytest.mark.parametrize(
    "settings",
    [
        (),
        (cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        (cv2.IMWRITE_JPEG_OPTIMIZE, 1),
        (cv2.IMWRITE_JPEG_RST_INTERVAL, 3),
    ],
)
def test_whole_photographs_are_not_suspected(settings):
    data = encode(*settings)
    assert find_warning(data) == ""
    assert find_warning(data + b"more, as of a telephone's film") == ""


def test_other_kinds_are_not_looked_at():
    assert find_warning(cv2.imencode(".png", PICTURE)[1].tobytes()) == ""
    assert jpeg_damage.try_decoding(b"no photograph") is None


def save(mode="RGB", **settings):
    file = io.BytesIO()
    Image.fromarray(PICTURE).convert(mode).save(file, "JPEG", **settings)
    return file.getvalue()


def turned():
    exif = Image.Exif()
    exif[image_header.ORIENTATION] = 6
    return exif


@pytest.mark.parametrize("plain, data", [
    (True, encode()), (True, encode(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)), (True, save("L")),
    (True, save(comment=b"no Exif here")), (False, save(exif=turned())),
    (False, encode()[:20]), (False, b"\xff\xd8"), (False, b"\xff\xd8\xff\xe0\0\0"),
    (False, encode().replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c")),  # 12 bits
    (False, encode().replace(b"\xff\xc0\0\x11", b"\xff\xc9\0\x11")),  # arithmetic codes
])  # fmt: skip
def test_plain_are_8_bits_in_the_usual_coding_without_exif(plain, data):
    assert jpeg_damage.is_plain(data) == plain
