"""When, where and by which camera a photograph was taken, from its EXIF block.

Tags: Exif 2.32 (CIPA DC-008-2019), 4.6. The time is that of the camera's clock, without its zone,
which many cameras do not write. The date of the last change of the file is not used.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline.data import heic, image_header, occasions

EXIF_BLOCK, GPS_BLOCK = 0x8769, 0x8825
ORIGINAL, DIGITISED = 0x9003, 0x9004  # when it was taken; when a film was scanned, or the same
MAKE, MODEL, SERIAL = 0x010F, 0x0110, 0xA431
SIGNS = {"N": 1, "E": 1, "S": -1, "W": -1}


def read_occasion(path: str | Path) -> dict[str, str]:
    """What EXIF says of a photograph, by the names of `occasions.FIELDS`; "" for the rest."""
    try:
        main, exif, gps = _read_blocks(path)
    except Exception:  # the readers of damaged blocks raise whatever comes up
        return dict.fromkeys(occasions.FIELDS, "")
    date, time = _find_when(exif)
    latitude, longitude = _find_position(gps)
    words = (_clean(main.get(MAKE)), _clean(main.get(MODEL)), _clean(exif.get(SERIAL)))
    found = {"date": date, "time": time, "latitude": latitude, "longitude": longitude}
    return dict.fromkeys(occasions.FIELDS, "") | found | {"camera": " ".join(filter(None, words))}


def _read_blocks(path: str | Path) -> tuple[Mapping, Mapping, Mapping]:
    """The tags of the main, the EXIF and the GPS block."""
    if heic.is_heic(image_header.read_start(path)):
        exif = Image.Exif()
        exif.load(heic.read_exif(path))
        return _select_blocks(exif)
    with Image.open(path, formats=image_header.FORMATS) as image:
        # a PNG's own method would decode all pixels to look for a block behind them
        return _select_blocks(Image.Image.getexif(image))


def _select_blocks(exif: Image.Exif) -> tuple[Mapping, Mapping, Mapping]:
    return exif, exif.get_ifd(EXIF_BLOCK), exif.get_ifd(GPS_BLOCK)


def _find_when(exif: Mapping) -> tuple[str, str]:
    for tag in (ORIGINAL, DIGITISED):
        try:
            return occasions.parse_when(_clean(exif.get(tag)))
        except ValueError:  # 0000:00:00 00:00:00 of a clock that is not set
            continue
    return "", ""


def _clean(value: Any) -> str:  # noqa: ANN401
    """A text without the NULs and spaces that fill its field."""
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    return " ".join(text.replace("\0", " ").split())


def _find_position(gps: Mapping) -> tuple[str, str]:
    """Latitude and longitude in degrees; "" if one is missing, or if both are 0: not set."""
    try:
        latitude, longitude = (_to_degrees(gps[tag], gps[tag - 1]) for tag in (2, 4))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return "", ""
    valid = abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude or longitude)
    return (f"{latitude:.6f}", f"{longitude:.6f}") if valid else ("", "")


def _to_degrees(parts: Any, side: Any) -> float:  # noqa: ANN401
    degrees, minutes, seconds = (float(part) for part in parts)
    value = SIGNS[_clean(side).upper()] * (degrees + minutes / 60 + seconds / 3600)
    if not math.isfinite(value):
        raise ValueError("a fraction with the denominator 0")
    return value
