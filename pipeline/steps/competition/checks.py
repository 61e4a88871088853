"""Checks of the raw tables and folders. Each returns its faults as a list of sentences."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from pipeline.data import images, tables

BOX = ["x0", "y0", "x1", "y1"]


def read_csv(path: Path, columns: list[str], faults: list[str]) -> pd.DataFrame:
    """Read the `columns` of a table as text; the index is the row in the file.

    If a table can't be read, a fault is appended to `faults` and the result is empty, so that the
    other checks can go on.
    """
    empty = pd.DataFrame(columns=columns, dtype=str)
    try:
        table = pd.read_csv(
            path, dtype=str, na_filter=False, skip_blank_lines=False, encoding="utf-8-sig"
        )
    except FileNotFoundError:
        faults.append(f"{path.name}: there is no such file in {path.parent}")
        return empty
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        faults.append(f"{path.name}: can't be read as UTF-8 CSV ({str(error).strip()})")
        return empty
    if not set(columns) <= set(table.columns):
        faults.append(
            f"{path.name}, row 1: columns are {', '.join(table.columns)}; expected "
            f"{', '.join(columns)} (competition.columns in params.yaml names them)"
        )
        return empty
    table = table[columns].fillna("").set_axis(table.index + 2)
    return table[(table != "").any(axis=1)]


def check_names(file: str, column: pd.Series) -> list[str]:
    """Find image names that are empty, leave their folder, or are listed twice."""
    faults = []
    first_row: dict[str, int] = {}
    for row, name in zip(column.index.tolist(), column, strict=True):
        if not is_file_name(name):
            faults.append(f"{file}, row {row}: {name!r} is not the name of a file in its folder")
        elif name in first_row:
            faults.append(f"{file}, row {row}: {name} is listed already, in row {first_row[name]}")
        first_row.setdefault(name, row)
    return faults


def is_file_name(name: str) -> bool:
    """Whether a name stays in its folder: no separators of any system, no `..`, no drive."""
    return name not in ("", ".", "..") and not any(sign in name for sign in "/\\:\0\n\r")


def check_identities(file: str, column: pd.Series, new_whale: str) -> list[str]:
    """Find identities that are empty, would break a submission, or are reserved here."""
    faults = []
    for row, identity in column.items():
        if not identity.strip():
            faults.append(f"{file}, row {row}: the identity is empty")
        elif len(identity.split()) > 1 or identity != identity.strip():
            faults.append(
                f"{file}, row {row}: identity {identity!r} contains a space, "
                "which separates the labels of a submission"
            )
        elif identity == tables.NEW_WHALE != new_whale:
            faults.append(
                f"{file}, row {row}: identity {identity} is this project's word for a new "
                f"individual, but competition.columns.new_whale is {new_whale!r}"
            )
    return faults


def check_folder(path: Path, file: str, column: pd.Series) -> list[str]:
    """Find photographs that the table lists and the folder lacks, and the reverse."""
    if not path.is_dir():
        return [f"{path.name}/: there is no such folder in {path.parent}"]
    entries = {entry.name for entry in path.iterdir()}
    faults = [
        f"{file}, row {row}: {path.name}/{name} does not exist"
        for row, name in column.items()
        if is_file_name(name) and name not in entries
    ]
    unlisted = select_photographs(entries) - set(column)
    return faults + [f"{path.name}/{name}: not in {file}" for name in sorted(unlisted)]


def select_photographs(entries: Iterable[str]) -> set[str]:
    """Select the names of photographs: no hidden files, no thumbnail databases."""
    return {
        name
        for name in entries
        if Path(name).suffix.lower() in images.EXTENSIONS and not name.startswith(".")
    }


def check_viewpoints(table: pd.DataFrame, listed: set[str]) -> list[str]:
    """Find viewpoints of unknown images, or two of one; `listed` are the images of all tables."""
    faults = []
    seen = set()
    for row, name, _ in table.itertuples(name=None):
        if name not in listed:
            faults.append(
                f"viewpoints.csv, row {row}: {name} is neither in train.csv nor in the sample"
            )
        if name in seen:
            faults.append(f"viewpoints.csv, row {row}: {name} has a viewpoint already")
        seen.add(name)
    return faults


def check_boxes(
    table: pd.DataFrame, sizes: dict[str, tuple[int, int]], listed: set[str]
) -> list[str]:
    """Find boxes of unknown images, two of one, empty ones, and ones outside their image.

    sizes : width and height of the images that could be read
    listed : the images of all tables
    """
    faults = []
    seen = set()
    for row, name, *corners in table.itertuples(name=None):
        reasons = list(_box_faults(name, corners, sizes, listed))
        reasons += ["has a box already"] if name in seen else []
        faults += [f"boxes.csv, row {row}: {name} {reason}" for reason in reasons]
        seen.add(name)
    return faults


def _box_faults(
    name: str, corners: list[str], sizes: dict[str, tuple[int, int]], listed: set[str]
) -> Iterator[str]:
    if name not in listed:
        yield "is neither in train.csv nor in the sample"
    try:
        x0, y0, x1, y1 = (int(corner) for corner in corners)
    except ValueError:
        yield f"has a box that is not four whole numbers: {', '.join(corners)}"
        return
    if x1 <= x0 or y1 <= y0:
        yield f"has an empty box: {x0}, {y0}, {x1}, {y1} (x1 and y1 are exclusive)"
    width, height = sizes.get(name, (x1, y1))
    if x0 < 0 or y0 < 0 or x1 > width or y1 > height:
        yield f"has a box outside its {width} x {height} pixels: {x0}, {y0}, {x1}, {y1}"
