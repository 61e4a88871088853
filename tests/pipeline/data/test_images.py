"""Photographs are decoded, rotated and hashed; faulty files are named."""

import hashlib
import os
import struct

import cv2
import numpy as np
import pytest

from pipeline.data import images


def write_photograph(path, width=40, height=20):
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (255, 0, 0)  # BGR: the left half is blue
    cv2.imwrite(str(path), pixels)
    return path


def set_orientation(data: bytes, value: int) -> bytes:
    """A JPEG with an EXIF block of one entry, Orientation."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHHI", 0x112, 3, 1, value, 0, 0)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]


def test_channels_are_rgb(tmp_path):
    pixels = images.read_rgb(write_photograph(tmp_path / "a.png"))
    assert pixels.shape == (20, 40, 3) and pixels.dtype == np.uint8
    assert pixels[0, 0].tolist() == [0, 0, 255]


def test_exif_orientation_rotates_the_photograph(tmp_path):
    path = write_photograph(tmp_path / "a.jpg")
    path.write_bytes(set_orientation(path.read_bytes(), 6))  # 6: rotate right by 90 degrees
    assert images.read_size(path) == (20, 40)
    assert images.read_rgb(path)[2, 10, 2] > 200  # what was left is now on top


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("reduction", [2, 4, 8])
def test_a_reduced_photograph_is_the_mean_of_blocks(tmp_path, suffix, reduction):
    """83 x 61 pixels: the sides are rounded up."""
    pixels = np.random.default_rng(0).integers(0, 256, (61, 83, 3), np.uint8)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 6)
    path = tmp_path / f"a.{suffix}"
    cv2.imwrite(str(path), pixels, [cv2.IMWRITE_JPEG_QUALITY, 100])
    reduced = images.read_rgb(path, reduction).astype(int)
    assert reduced.shape == (-(-61 // reduction), -(-83 // reduction), 3)
    for row, column in ((0, 0), (2, 3), (5, 6)):
        block = pixels[row * reduction :, column * reduction :][:reduction, :reduction, ::-1]
        assert np.abs(reduced[row, column] - block.mean(axis=(0, 1))).max() < 3


def test_a_reduced_photograph_is_rotated(tmp_path):
    path = write_photograph(tmp_path / "a.jpg")
    path.write_bytes(set_orientation(path.read_bytes(), 6))
    reduced = images.read_rgb(path, 2)
    assert reduced.shape == (20, 10, 3) and reduced[2, 5, 2] > 200 > 50 > reduced[18, 5, 2]


def test_of_16_bits_the_upper_ones_are_left_in_a_reduced_photograph(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((8, 8, 3), 200 << 8, np.uint16))
    assert (images.read_rgb(tmp_path / "a.png", 2) == 200).all()


@pytest.mark.parametrize(
    ("size", "least", "reduction"),
    [
        ((100, 100), (10, 10), 8),
        ((100, 100), (20, 10), 4),
        ((80, 79), (10, 10), 4),
        ((19, 100), (10, 10), 1),
        ((5, 5), (10, 10), 1),
    ],
)
def test_how_far_a_photograph_is_reduced(size, least, reduction):
    assert images.choose_reduction(*size, *least) == reduction


def test_grey_and_transparent_photographs_have_three_channels(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((4, 6), 7, np.uint8))
    cv2.imwrite(str(tmp_path / "clear.png"), np.full((4, 6, 4), 7, np.uint8))
    assert images.read_rgb(tmp_path / "grey.png").shape == (4, 6, 3)
    assert images.read_rgb(tmp_path / "clear.png").shape == (4, 6, 3)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "gif", "avif"])
@pytest.mark.parametrize("fraction", [0.3, 0.9])
def test_truncated_photographs_are_refused(tmp_path, suffix, fraction):
    path = tmp_path / f"a.{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    cv2.imwrite(str(path), noise)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * fraction)])
    with pytest.raises(ValueError, match=rf"a\.{suffix}: not an image, or truncated"):
        images.read_rgb(path)


@pytest.mark.fault(
    "photographs",
    "a film, or a photograph of a kind that is not read",
    "the message that it is not read says how to convert it",
)
@pytest.mark.parametrize(
    ("name", "remedy"),
    [("a.MOV", "export frames of videos"), ("a.psd", "export it as JPEG or PNG")],
)
def test_kinds_that_are_not_read_have_a_way_out(tmp_path, name, remedy):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ValueError, match=rf"{name}: not an image.*: {remedy}"):
        images.read_rgb(tmp_path / name)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "gif", "avif"])
def test_every_kind_is_decoded(tmp_path, suffix):
    path = write_photograph(tmp_path / f"a.{suffix}")
    pixels = images.read_rgb(path)
    assert f".{suffix}" in images.EXTENSIONS and pixels.shape == (20, 40, 3)
    assert pixels[10, 5, 2] > 200 and pixels[10, 35, 2] < 50


def test_missing_and_empty_files_are_named(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ValueError, match=r"empty\.jpg: zero bytes"):
        images.read_rgb(tmp_path / "empty.jpg")
    with pytest.raises(ValueError, match=r"none\.jpg: can't be opened"):
        images.read_rgb(tmp_path / "none.jpg")


@pytest.mark.fault(
    "photographs", "a pipe, a device or a folder in the place of a photograph", "is not waited for"
)
def test_what_is_no_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "pipe.jpg", tmp_path, "/dev/zero"):
        with pytest.raises(ValueError, match="is not a file"):
            images.read_rgb(path)


def test_the_hash_is_the_standard_sha256():
    assert images.hash_bytes(b"abc") == hashlib.sha256(b"abc").hexdigest()
