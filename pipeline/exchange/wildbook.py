"""Spreadsheets of Wildbook: its bulk import, and its export of annotations.

Fields of the import: https://github.com/WildMeOrg/wildbook-docs, data/bulk-import; Wildbook needs a
photograph, a year, a genus and a species, and a location. The export of annotations has the name in
`Name0.value` and the box of `mediaAsset0`, as `[x, y, width, height]`, in `Annotation0.bbox`.
"""

import logging
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pandas as pd

from pipeline.data import exif, tables, user_csv
from pipeline.exchange.boxes import FoundBox
from pipeline.exchange.listed import Listed, select_named
from pipeline.exchange.named_folder import NamedFolder, check_files
from pipeline.system.errors import Faults, UserError
from pipeline.system.threads import map_in_threads

logger = logging.getLogger(__name__)

FIRST_ASSET = "Encounter.mediaAsset0"
ASSET = re.compile(r"Encounter\.mediaAsset(\d+)")
NAMES = ("MarkedIndividual.individualID", "Encounter.individualID", "Name0.value")
BOX = "Annotation{}.bbox"  # of the photograph of the same number
SHAPE = "[x, y, width, height]"
DATE = ("Encounter.year", "Encounter.month", "Encounter.day")
WHEN = (*DATE, "Encounter.hour", "Encounter.minutes")
MOST_ROWS = 200  # encounters per spreadsheet that its documentation allows
PLAIN = re.compile(r"[A-Za-z0-9. ]+")  # what Wildbook keeps of a file's name
BINOMIAL = re.compile(r"[A-Z][a-z-]+ [a-z-]+( [a-z-]+)?")
COLUMNS = (
    *(FIRST_ASSET, NAMES[0], "Encounter.genus", "Encounter.specificEpithet"),
    *(*WHEN, "Encounter.locationID", "Encounter.submitterID", "Encounter.researcherComments"),
)


def read(path: Path, identity: str = "") -> list[Listed]:
    """Read the encounters with an individual: each of their photographs.

    identity : the column that names individuals, if it is none of NAMES

    Raises UserError with all that is wrong.
    """
    header = user_csv.read_user_header(path)
    name = identity or next((one for one in NAMES if one in header), "")
    if not name:
        raise UserError(
            f"{path.name} has none of the columns {', '.join(NAMES)}: name the one of individuals "
            "with --identity"
        )
    boxes = {one[0]: BOX.format(one[1]) for one in map(ASSET.fullmatch, header) if one}
    more = [column for column in (*boxes.values(), *DATE) if column in header]
    rows = user_csv.read_user_csv(path, list(dict.fromkeys([*boxes, name, *more])))
    faults: list[str] = []
    animals = []
    for row, cells in zip(rows.index, rows.to_dict("records"), strict=True):
        given = [(cells[asset].strip(), box) for asset, box in boxes.items()]
        for file, column in [one for one in given if one[0]] or [("", "")]:
            try:
                box = read_box(cells.get(column, ""))
            except ValueError:
                faults.append(f"row {row}: {column} is {cells[column]!r}, not {SHAPE}")
                continue
            animals.append(Listed(file, cells[name], int(row), box, read_date(cells)))
    if faults:
        raise Faults(path, faults)
    return select_named(path.name, name, animals)


def read_box(text: str) -> FoundBox | None:
    """A box in pixels, None for an empty cell; raises ValueError if it is not one."""
    if not text.strip():
        return None
    x, y, width, height = (float(part) for part in text.strip(" []()").split(","))
    if not (width > 0 and height > 0):
        raise ValueError("the box is empty")
    return FoundBox(x, y, x + width, y + height, False)


def read_date(cells: dict) -> str:
    """Year, month and day as one text; "" unless all are known."""
    parts = [cells.get(column, "").strip().removesuffix(".0") for column in DATE]
    if not all(part.isdigit() for part in parts):
        return ""
    year, month, day = map(int, parts)
    return f"{year:04d}-{month:02d}-{day:02d}"


def export(named: NamedFolder, out: Path, species: str, location: str, submitter: str) -> str:
    """Write one encounter per answer as a CSV for the bulk import.

    species : genus and species; location : one of the Wildbook's location IDs, which it needs
    submitter : a user's name there, "": whoever imports

    Dates come from the photographs' EXIF. Only answers with a name have an individual. Returns a
    sentence on what was written. Raises UserError if two photographs have one name.
    """
    if not BINOMIAL.fullmatch(species):
        raise UserError(
            "Wildbook needs genus and species as in its own list: --species 'Panthera pardus'"
        )
    if not location:
        raise UserError("Wildbook needs a location: --location, one of its location IDs")
    check_names(named)
    answers = named.with_animals
    check_files(answer.file for answer in answers)
    taken = map_in_threads(exif.read_occasion, [answer.file for answer in answers], "dates")
    genus, _, epithet = species.partition(" ")
    rows = [
        (
            PurePosixPath(answer.photograph).name,
            *(answer.name, genus, epithet),
            *split_when(occasion),
            *(location, submitter, answer.describe()),
        )
        for answer, occasion in zip(answers, taken, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(object)
    if undated := sum(not occasion["date"] for occasion in taken):
        logger.warning(
            "%d photographs have no date in their EXIF: Wildbook refuses a row without a year, so "
            "fill in Encounter.year",
            undated,
        )
    used = [column for column in table if (table[column] != "").any() or column == DATE[0]]
    tables.write_csv(table[used], out)
    if len(table) > MOST_ROWS:
        logger.warning(
            "Wildbook asks for %d encounters per spreadsheet at most: split it", MOST_ROWS
        )
    return f"{len(table)} encounters, {sum(answer.named for answer in answers)} with an individual"


def split_when(occasion: Mapping[str, str]) -> list[int | str]:
    """Year, month, day, hour and minute of what `exif.read_occasion` gives; "" if not known."""
    date, time = occasion["date"], occasion["time"]
    words = list(filter(None, [*date.split("-"), *time.split(":")[:2]]))
    return [*map(int, words), *[""] * (len(WHEN) - len(words))]


def check_names(named: NamedFolder) -> None:
    """Raise Faults unless each photograph has a name of its own, which Wildbook asks for.

    Names with other signs than letters, digits, points and spaces are counted: it removes these.
    """
    first: dict[str, str] = {}
    faults = []
    for photograph in named.files:
        name = PurePosixPath(photograph).name
        if name in first:
            faults.append(f"{photograph} has the name of {first[name]}: rename one of them")
        first.setdefault(name, photograph)
    if faults:
        raise Faults("Wildbook finds photographs by their names alone", faults)
    if changed := [name for name in first if not PLAIN.fullmatch(name)]:
        logger.warning(
            "Wildbook removes all but letters, digits, points and spaces from names of files: %d "
            "have others (%s)",
            *(len(changed), ", ".join(changed[:3])),
        )
