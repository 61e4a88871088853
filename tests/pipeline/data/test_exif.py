"""Dates, positions and cameras of EXIF blocks that Pillow writes."""

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from pipeline.data import occasions
from pipeline.data.exif import read_occasion
from tests.pipeline.data import camera_files


def write(path, tags=None, gps=None, main=None, **options):
    exif = Image.Exif()
    exif.update(main or {})
    exif.get_ifd(0x8769).update(tags or {})
    exif.get_ifd(0x8825).update(gps or {})
    Image.new("RGB", (8, 6)).save(path, exif=exif, **options)
    return path


GPS = {1: "S", 2: (33.0, 30.0, 36.0), 3: "E", 4: (18.0, 15.0, 0.0)}
TAGS = {0x9003: "2024:05:31 10:00:07", 0xA431: "123\0\0"}


def test_everything_is_read(tmp_path):
    main = {0x010F: "NIKON  ", 0x0110: "D850"}
    for name in ("a.jpg", "a.png", "a.webp"):
        assert read_occasion(write(tmp_path / name, TAGS, GPS, main)) == {
            "date": "2024-05-31",
            "time": "10:00:07",
            "place": "",
            "latitude": "-33.510000",
            "longitude": "18.250000",
            "camera": "NIKON D850 123",
            "sequence": "",
        }, name


def test_a_heic_has_exif_too(tmp_path):
    heif = camera_files.require("pillow_heif")
    heif.register_heif_opener()
    path = write(tmp_path / "a.heic", TAGS)
    assert read_occasion(path)["time"] == "10:00:07"


def test_the_date_of_the_last_change_is_not_one(tmp_path):
    path = write(tmp_path / "a.jpg", main={0x0132: "2024:05:31 10:00:07"})
    assert read_occasion(path) == dict.fromkeys(occasions.FIELDS, "")


def test_what_is_not_set_is_not_known(tmp_path):
    unset = {0x9003: "0000:00:00 00:00:00", 0x9004: "2023:01:02 03:04:05"}
    zero = {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}
    found = read_occasion(write(tmp_path / "a.jpg", unset, zero))
    assert (found["date"], found["latitude"], found["longitude"]) == ("2023-01-02", "", "")


def test_damaged_positions_are_not_known(tmp_path):
    for number, gps in enumerate(
        [
            {1: "N", 2: (IFDRational(1, 0), 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)},
            {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)},
            {2: (51.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)},
            {1: "N", 2: (51.0,), 3: "E", 4: (1.0, 0.0, 0.0)},
        ]
    ):
        found = read_occasion(write(tmp_path / f"{number}.jpg", TAGS, gps))
        assert (found["latitude"], found["longitude"], found["date"]) == ("", "", "2024-05-31")


def test_no_photograph_says_nothing(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no photograph")
    assert read_occasion(tmp_path / "a.jpg") == dict.fromkeys(occasions.FIELDS, "")
    assert read_occasion(tmp_path / "missing.jpg") == dict.fromkeys(occasions.FIELDS, "")
