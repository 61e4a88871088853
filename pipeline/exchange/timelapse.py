"""CSV files of Timelapse (https://timelapse.ucalgary.ca): one row per photograph.

A photograph is found by `RelativePath` and `File`. What Timelapse imports is in
https://github.com/saulgreenberg/Timelapse, Timelapse/Database/CsvReaderWriter.cs: both columns are
needed, `RootFolder` is passed over, and every other column must be a field of the template.
"""

from pathlib import Path

import pandas as pd

from pipeline.data import tables, user_csv
from pipeline.exchange.listed import Listed, find_column, select_named
from pipeline.exchange.named_folder import Answer, NamedFolder
from pipeline.system.errors import UserError

FILE_COLUMNS = ("File", "RelativePath")
ROOT, DATE = "RootFolder", "DateTime"
NAMES = ("individual", "individualid", "individual_id", "identity", "name", "animal")
# what an export adds: fields of the template, all of them of the type Note
FIELDS = ("Individual", "IndividualProbability", "IndividualResult", "UnknownGroup", "Candidates")


def read(path: Path, identity: str = "") -> list[Listed]:
    """Read the rows with an individual. Raises UserError if no column names one.

    identity : the column that names individuals, if it is none of NAMES, in any case
    """
    header = user_csv.read_user_header(path)
    name = identity or find_column(header, NAMES)
    if not name:
        raise UserError(
            f"{path.name} has the columns {', '.join(header)}: name the one of individuals with "
            "--identity"
        )
    dates = [DATE] if DATE in header else []
    rows = user_csv.read_user_csv(path, [*FILE_COLUMNS, name, *dates])
    animals = [
        Listed(
            join(cells["RelativePath"], cells["File"]),
            cells[name],
            int(row),
            date=cells.get(DATE, "").strip(),
        )
        for row, cells in zip(rows.index, rows.to_dict("records"), strict=True)
    ]
    return select_named(path.name, name, animals)


def join(folder: str, file: str) -> str:
    """A photograph's path; Timelapse writes backslashes."""
    parts = [folder.strip().replace("\\", "/").strip("/"), file.strip()]
    return "/".join(part for part in parts if part)


def export(named: NamedFolder, out: Path) -> str:
    """Write the answers as a CSV that Timelapse imports; returns a sentence on what it has.

    The photographs' folder is the one with the template. A photograph with several animals has
    several rows, which Timelapse gives to its duplicates in turn. There is no `DateTime`, so that
    the import changes no date.
    """
    rows = [describe(answer) for answer in named.answers]
    table = pd.DataFrame(rows, columns=[ROOT, "File", "RelativePath", *FIELDS])
    tables.write_csv(table, out)
    return f"{len(table)} rows. The template needs the fields {', '.join(FIELDS)}, of the type Note"


def describe(answer: Answer) -> tuple[object, ...]:
    """The row of an answer."""
    folder, _, file = answer.photograph.rpartition("/")
    depth = answer.photograph.count("/")
    parents = answer.file.parents
    root = parents[depth].name if depth < len(parents) else ""
    probability = f"{answer.probability:.4f}" if answer.named else ""
    relative = folder.replace("/", "\\")
    text = "; ".join(f"{name} {value:.2f}" for name, value in answer.candidates)
    more = (answer.name, probability, answer.result, answer.group, text)
    return (root, file, relative, *more)
