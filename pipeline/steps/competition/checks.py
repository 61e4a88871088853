"""Checks of the raw tables and folders. Each returns its faults as a list of sentences."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pandas as pd

from pipeline.data import (
    given_masks,
    identity_names,
    photograph_files,
    tables,
    user_csv,
    viewpoints,
)
from pipeline.data.similar_names import SimilarNames

BOX = ["x0", "y0", "x1", "y1"]
REQUIRED_FILES = ("train.csv", "sample_submission.csv")
OPTIONAL = {
    **dict.fromkeys(["boxes.csv", "viewpoints.csv", "photographs.csv"], Path.is_file),
    **dict.fromkeys(["masks", "unlabelled"], Path.is_dir),
}


def check_entries(folder: Path) -> list[str]:
    """Find optional entries that are no file or no folder, or are written in another case."""
    faults = []
    for entry in sorted(folder.iterdir()):
        name = entry.name.lower()
        if entry.name in OPTIONAL and not OPTIONAL[name](entry):
            kind = "a file" if "." in name else "a folder"
            faults.append(f"{entry.name}: is not {kind}, or a link that leads nowhere")
        elif name in OPTIONAL and not (folder / name).exists():
            faults.append(f"{entry.name}: case matters: rename it {name}, or remove it")
    return faults


def read_csv(path: Path, columns: list[str], faults: list[str]) -> pd.DataFrame:
    """Read the `columns` of a table as text; the index is the row in the file.

    Faults are appended to `faults`; a table that can't be read gives an empty one, so that the
    other checks can go on.
    """
    if not os.path.lexists(path):
        faults.append(f"{path.name}: there is no such file in {path.parent}{find_like(path)}")
        return pd.DataFrame(columns=columns, dtype=str)
    hint = " (competition.columns in params.yaml names them)"
    return user_csv.collect_rows(path, columns, faults, hint)


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


def is_inside(name: str) -> bool:
    """Whether a path is one below a folder: not absolute, no `..`, no drive."""
    path = PurePosixPath(name.replace("\\", "/"))
    return bool(name) and not path.is_absolute() and ".." not in path.parts and ":" not in name


def check_identities(file: str, column: pd.Series, new_whale: str) -> list[str]:
    """Find identities that are empty, would break a submission, look alike, or are reserved."""
    # the competition's own word for a new individual may be any
    reserved = {tables.NEW_WHALE} - {new_whale}
    return identity_names.name_faults(identity_names.locate(file, column), reserved)


def check_folder(path: Path, file: str, column: pd.Series) -> list[str]:
    """Find photographs that the table lists and the folder lacks."""
    if not path.is_dir():
        return [f"{path.name}/: there is no such folder in {path.parent}{find_like(path)}"]
    listing = photograph_files.list_photographs(path)
    kinds = {entry.path.name: entry.kind for entry in listing.left_out}
    kinds |= {photograph.name: "" for photograph in listing.photographs}
    similar = SimilarNames(kinds)
    faults = []
    for row, name in column.items():
        # a listed file may have any ending: whether it is a photograph is seen when it is decoded
        reason = photograph_files.SINGULAR.get(kinds.get(name, ""), "")
        if name not in kinds and is_file_name(name):
            reason = f"does not exist{similar.describe(name)}"
        faults += [f"{file}, row {row}: {path.name}/{name} {reason}"] if reason else []
    return faults


def find_like(path: Path) -> str:
    """The end of a message that `path` is missing: an entry that may be meant, or ""."""
    for entry in sorted(path.parent.iterdir()):
        if entry.name.casefold() == path.name.casefold():
            return f", but {entry.name}: rename it"
        if entry.name in (f"{path.name}.zip", f"{path.name}.gz"):
            return f", but {entry.name}: unpack it"
    return ""


def check_viewpoints(table: pd.DataFrame, listed: set[str]) -> list[str]:
    """Find viewpoints of unknown images, two of one, and two ways to write one viewpoint.

    listed : the images of all tables
    """
    faults = viewpoints.find_variants("viewpoints.csv", table["viewpoint"])
    faults += [
        f"viewpoints.csv, row {row}: viewpoint {word!r} contains {viewpoints.SPECIES!r}"
        for row, word in table["viewpoint"].items()
        if viewpoints.SPECIES in word
    ]
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
        turned = f": {given_masks.TURNED}" if min(x0, y0) >= 0 and x1 <= height else ""
        yield (
            f"has a box outside its {width} x {height} pixels: {x0}, {y0}, {x1}, {y1}"
            f"{turned if y1 <= width else ''}"
        )
    if (x0, y0, x1, y1) == (0, 0, 1, 1) and name in sizes and width * height > 1:
        yield "has a box of one pixel: 0, 0, 1, 1: corners are pixels, not fractions"
