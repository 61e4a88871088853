"""Damaged photographs are named, and those of unusual kinds are counted."""

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.data import image_header, images, jpeg_damage
from pipeline.steps.competition import competition, measuring
from pipeline.system.errors import Faults
from tests.pipeline.data.test_image_header import claim
from tests.pipeline.steps.competition.conftest import COLUMNS

NOISE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)


@pytest.mark.skipif(not jpeg_damage.AVAILABLE, reason="needs simplejpeg")
@pytest.mark.fault(
    "photographs",
    "a JPEG that is decoded with a warning",
    "counted and named with its row in the log of `competition`, and used",
)
def test_damaged_photographs_are_named_and_used(folder, caplog):
    data = cv2.imencode(".jpg", NOISE)[1].tobytes()
    (folder / "train/a.jpg").write_bytes(data[: len(data) // 2] + data[-2:])
    table, *_ = competition.read_competition(folder, COLUMNS)
    assert table.set_index("image")["width"]["a.jpg"] == 64
    (said,) = caplog.messages
    assert said.startswith("1 damaged JPEGs are used as far as they can be decoded")
    assert "\n  train.csv, row 3: a.jpg: Corrupt JPEG data: premature end" in said


@pytest.mark.fault(
    "photographs",
    "photographs in grey, CMYK, with a palette, with transparency, of 16 bits, of 12 bits in 16",
    "read as 8-bit colours; counted by kind in the log of `competition`",
)
def test_unusual_kinds_are_told(folder, caplog):
    colours = Image.fromarray(NOISE)
    colours.convert("L").save(folder / "train/a.jpg")
    colours.convert("CMYK").save(folder / "train/b.jpg")
    colours.convert("P").save(folder / "train/e.jpg", "PNG")
    colours.convert("RGBA").save(folder / "test/c.jpg", "PNG")
    deep = cv2.imencode(".png", NOISE.astype(np.uint16) << 4)[1]
    (folder / "test/d.jpg").write_bytes(deep.tobytes())
    table, *_ = competition.read_competition(folder, COLUMNS)
    assert (table["width"] == 64).all()
    (said,) = caplog.messages
    first, *lines = said.split("\n  ")
    assert first == "photographs are read as 8-bit RGB; of them are"
    assert sorted(lines) == [
        "1 in CMYK, converted without its colour profile (b.jpg)",
        "1 in grey (a.jpg)",
        "1 with 12 bits in 16, of which the upper 8 are used (d.jpg)",
        "1 with a palette (e.jpg)",
        "1 with transparency, which is dropped: the colours below it are used (c.jpg)",
    ]


@pytest.mark.fault(
    "photographs",
    "a photograph of more pixels than fit into memory, in a competition",
    "a fault with its row, before anything is decoded",
)
def test_large_photographs_are_faults(folder):
    (folder / "train/a.jpg").write_bytes(claim("png", 42_000, 42_000))
    with pytest.raises(Faults) as caught:
        competition.read_competition(folder, COLUMNS)
    (fault,) = caught.value.faults
    assert fault.startswith("train.csv, row 3: ")
    assert "a.jpg: 42000 x 42000 pixels, 1764 megapixels; at most 110 are read" in fault


def test_decoding_waits_for_room(folder, monkeypatch):
    held = []
    read = measuring.images.read_bytes

    def watch(*arguments):
        held.append(measuring.IN_FLIGHT.held)
        return read(*arguments)

    monkeypatch.setattr(measuring.images, "read_bytes", watch)
    competition.read_competition(folder, COLUMNS)
    assert len(held) == 5 and min(held) >= 16 * 8
    assert measuring.IN_FLIGHT.limit == image_header.MAX_PIXELS


@pytest.mark.skipif(not jpeg_damage.AVAILABLE, reason="needs simplejpeg")
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_plain_jpeg_is_decoded_once_and_measured_alike(tmp_path, monkeypatch, mode):
    path = tmp_path / "a.jpg"
    Image.fromarray(NOISE[:40]).convert(mode).save(path)
    decoded = []
    decode = images.decode_deep
    monkeypatch.setattr(
        images, "decode_deep", lambda *given: decoded.append(given) or decode(*given)
    )
    once = measuring.measure(str(path))
    assert (once.width, once.height, decoded) == (64, 40, [])
    monkeypatch.setattr(jpeg_damage, "is_plain", lambda data: False)
    assert measuring.measure(str(path)) == once and len(decoded) == 1


def test_a_photograph_that_exif_turns_is_measured_as_shown(tmp_path):
    exif = Image.Exif()
    exif[image_header.ORIENTATION] = 6
    Image.fromarray(NOISE[:40]).save(tmp_path / "a.jpg", exif=exif)
    measured = measuring.measure(str(tmp_path / "a.jpg"))
    assert (measured.width, measured.height, measured.orientation) == (40, 64, 6)
