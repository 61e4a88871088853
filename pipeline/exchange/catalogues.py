"""Catalogues of known individuals in the formats of other programs, by what is in them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipeline.data import user_csv
from pipeline.exchange import camtrap_dp, coco_names, listed, miewid, timelapse, wildbook
from pipeline.exchange.listed import Listed
from pipeline.system.errors import UserError


class Format(NamedTuple):
    """How a file with these columns is read, given the column of names if the user names it."""

    columns: frozenset[str]
    read: Callable[[Path, str], list[Listed]]


FORMATS = [
    Format(frozenset(timelapse.FILE_COLUMNS), timelapse.read),
    Format(frozenset({wildbook.FIRST_ASSET}), wildbook.read),
    Format(frozenset(miewid.BOX), miewid.read),
]


def read(location: Path, root: Path | None, identity: str = "") -> pd.DataFrame | None:
    """Read a catalogue (`listed.locate`); None if it is a folder of folders, or a plain CSV.

    root : the folder of its photographs, by default that of the file
    identity : the column, or the key, that names individuals, if it is not the format's own

    Raises UserError, with all that is wrong.
    """
    reader = find_reader(location)
    if reader is None:
        return None
    animals = reader(location, identity)
    folder = location if location.is_dir() else location.parent
    return listed.locate(location.name, animals, root or folder)


def find_reader(location: Path) -> Callable[[Path, str], list[Listed]] | None:
    """The reader of a file or folder of another program; None if it is ours."""
    if camtrap_dp.is_package(location):
        return camtrap_dp.read_animals
    if not location.is_file():
        return None
    if location.suffix.lower() == ".json":
        return coco_names.read
    try:
        header = set(user_csv.read_user_header(location))
    except UserError:
        return None  # the reader of plain CSV files says what is wrong
    return next((one.read for one in FORMATS if one.columns <= header), None)
