"""Camera Trap Data Packages (Camtrap DP 1.0): a folder with datapackage.json and three tables.

Terms: https://camtrap-dp.tdwg.org/data. The tables are CSV files; what is read here is read as any
CSV of the user's is, with marks of an encoding, semicolons and an unnamed first column.
"""

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import pandas as pd

from pipeline.data import user_csv
from pipeline.data.decimals import read_number
from pipeline.exchange.boxes import FoundBox
from pipeline.exchange.json_file import read_json
from pipeline.exchange.listed import Listed, select_named
from pipeline.system.errors import Faults, UserError

logger = logging.getLogger(__name__)

DESCRIPTOR = "datapackage.json"
TABLES = ("deployments", "media", "observations")
MEDIA = ["mediaID", "deploymentID", "timestamp", "filePath", "fileName"]
INDIVIDUAL = "individualID"
BOX = ["bboxX", "bboxY", "bboxWidth", "bboxHeight"]
ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True)
class Package:
    """A package: its folder, the content of datapackage.json, and the files of the tables."""

    folder: Path
    descriptor: dict[str, Any]
    files: dict[str, Path]

    def read_media(self) -> pd.DataFrame:
        """The media with the columns of MEDIA, and `name`, by which their files can be found.

        The name is the path, or of a file on a server its name; of files with one name, `name` has
        the deployment as their folder. Files of one deployment with one name, as after a camera's
        counter began anew, are `alike`: no name tells them apart. The index is the row in the file.
        """
        header = user_csv.read_user_header(self.files["media"])
        present = [column for column in MEDIA if column in header or column != "fileName"]
        media = user_csv.read_user_csv(self.files["media"], present)
        media = media.reindex(columns=MEDIA, fill_value="").apply(lambda cells: cells.str.strip())
        check_unique(self.files["media"], media["mediaID"])
        last = media["filePath"].str.rpartition("/")[2]
        own = media["fileName"].where(media["fileName"] != "", last)
        remote = media["filePath"].map(lambda path: bool(URL.match(path)))
        names = media["filePath"].where(~remote, own)
        repeated = names.duplicated(keep=False)
        names = names.where(~repeated, media["deploymentID"] + "/" + names)
        return media.assign(name=names, alike=remote & names.duplicated(keep=False))


def is_package(location: Path) -> bool:
    """Whether a folder, or its descriptor, is a data package."""
    return (location / DESCRIPTOR).is_file() or location.name == DESCRIPTOR


def open_package(location: Path) -> Package:
    """Open the package of a folder; raises UserError if one of the three tables is not there."""
    folder = location.parent if location.name == DESCRIPTOR else location
    path = folder / DESCRIPTOR
    if not path.is_file():
        raise UserError(f"{folder} is no Camtrap DP: it has no {DESCRIPTOR}")
    content = read_json(path)
    resources = content.get("resources") if isinstance(content, dict) else None
    if not isinstance(resources, list):
        raise UserError(f"{path}: has no list of resources: is it a Camtrap DP?")
    by_name = {one.get("name"): one for one in resources if isinstance(one, dict)}
    faults = [f"has no resource {name}" for name in TABLES if name not in by_name]
    files = {}
    for name in set(TABLES) & set(by_name):
        listed = by_name[name].get("path")
        if not is_inside(listed):
            faults.append(
                f"the path of {name} is {listed!r}: one file inside of {folder} is expected"
            )
        elif not (folder / listed).is_file():
            faults.append(f"{listed} of {name} does not exist in {folder}")
        else:
            files[name] = folder / listed
    if faults:
        raise Faults(path, faults)
    return Package(folder, content, files)


def is_inside(path: object) -> TypeGuard[str]:
    """Whether a path of a descriptor is one relative file, as Data Package asks for."""
    if not isinstance(path, str) or not path or URL.match(path):
        return False
    return not Path(path).is_absolute() and ".." not in Path(path).parts


def check_unique(path: Path, identifiers: pd.Series) -> None:
    """Raise Faults with identifiers that are empty or given twice; the index is the row."""
    first: dict[str, int] = {}
    faults = []
    for row, name in identifiers.items():
        if not name:
            faults.append(f"row {row}: {identifiers.name} is empty")
        elif name in first:
            faults.append(f"row {row}: {identifiers.name} {name} is that of row {first[name]}, too")
        first.setdefault(name, int(row))  # type: ignore[call-overload]  # rows are numbers
    if faults:
        raise Faults(path, faults)


def read_animals(location: Path, identity: str = "") -> list[Listed]:
    """Read the observations of single media files with an individual, and their boxes.

    identity : the column that names individuals, if it is another than individualID

    Observations of events have no photograph: they are counted and left out. Raises UserError with
    all that is wrong.
    """
    package = open_package(location)
    media = package.read_media().set_index("mediaID")
    log_zones(package.files["media"].name, media["timestamp"])
    path = package.files["observations"]
    header = user_csv.read_user_header(path)
    name = identity or INDIVIDUAL
    boxes = [column for column in BOX if column in header]
    columns = ["mediaID", name, *(boxes if len(boxes) == len(BOX) else [])]
    rows = user_csv.read_user_csv(path, columns)
    faults: list[str] = []
    animals = []
    for row, cells in zip(rows.index, rows.to_dict("records"), strict=True):
        identifier = cells["mediaID"].strip()
        if identifier and identifier not in media.index:
            faults.append(
                f"row {row}: mediaID {identifier} is not in {package.files['media'].name}"
            )
            continue
        try:
            box = read_box(cells)
        except ValueError:
            faults.append(f"row {row}: {', '.join(f'{k} {cells[k]!r}' for k in BOX)} is no box")
            continue
        if identifier and media.loc[identifier, "alike"] and cells[name].strip():
            faults.append(
                f"row {row}: {media.loc[identifier, 'name']} may be several media of one "
                "deployment and file name: download them, and write their files into filePath"
            )
            continue
        file = str(media.loc[identifier, "name"]) if identifier else ""
        date = str(media.loc[identifier, "timestamp"]) if identifier else ""
        animals.append(Listed(file, cells[name], int(row), box, date))
    if faults:
        raise Faults(path, faults)
    named = select_named(path.name, name, animals)
    on_media = [one for one in named if one.file]
    if not on_media:
        raise UserError(
            f"{path.name}: all {len(named)} rows with an individual are about events, not media "
            "files: give each the mediaID of a photograph that shows the individual alone"
        )
    if len(on_media) < len(named):
        logger.warning(
            "%s: %d rows with an individual are about events, without a photograph, and left out",
            *(path.name, len(named) - len(on_media)),
        )
    return on_media


def read_box(cells: dict) -> FoundBox | None:
    """The box of an observation, None without one; raises ValueError if it is not one."""
    texts = [cells.get(name, "").strip() for name in BOX]
    if not any(texts):
        return None
    x, y, width, height = map(read_number, texts)
    if not (width > 0 and height > 0 and min(x, y) >= 0 and max(x + width, y + height) < 1.01):
        raise ValueError("not inside of the photograph")
    return FoundBox(x, y, x + width, y + height, relative=True)


def log_zones(source: str, times: pd.Series) -> None:
    """Say that times are of several zones: a day is that of the place, as it is written."""
    zones = sorted(set(times.str.extract(ZONE, expand=False).fillna("no zone")))
    if len(zones) > 1:
        logger.warning(
            "%s has times of several zones (%s): a photograph's day is the one that is written, "
            "so correct those whose zone is not that of their place",
            *(source, ", ".join(zones)),
        )
