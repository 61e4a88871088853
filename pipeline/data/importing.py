"""Photographs of known individuals, listed from a folder of folders or from a CSV file."""

import logging
import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import identity_names, photograph_files, tables, user_csv, viewpoints
from pipeline.data.photograph_files import LeftOut
from pipeline.data.similar_names import SimilarNames

logger = logging.getLogger(__name__)

NEW = tables.NEW_WHALE
SPLITS = {"train", "training", "val", "valid", "validation", "test", "testing"}
BESIDE = "beside the folders of individuals"


def list_folders(
    folder: Path, skip: str, faults: list[str], left_out: list[LeftOut]
) -> pd.DataFrame:
    """List the photographs of a folder with one sub-folder per individual (path, identity).

    The sub-folder `skip` (of unknown individuals) is left out. What else is left out is logged by
    kind, with the individuals that have no other photograph, and added to `left_out`. Faults are
    added to `faults`. Raises ValueError, before any photograph is looked at, if there is no `skip`.
    """
    if skip and skip not in os.listdir(folder):
        raise ValueError(f"{folder} has no sub-folder {skip} to leave out (--skip)")
    listing = photograph_files.list_tree(folder, skip)
    listed = [path for path in listing.photographs if len(path.parts) > 1]
    beside = [LeftOut(path, BESIDE) for path in listing.photographs if len(path.parts) == 1]
    left_out += [*beside, *listing.left_out]
    photograph_files.log_left_out(str(folder), left_out)
    # bytes that are no UTF-8 are a fault of a name, and pandas would not take them
    names = {path.parts[0]: photograph_files.printable(path.parts[0]) for path in listed}
    _log_absent(folder, {*names, skip})
    if not listed:
        faults.append(f"{folder} has no sub-folders of individuals with photographs")
    if names and {name.casefold() for name in names.values()} <= SPLITS:
        faults.append(
            f"{', '.join(names.values())} in {folder} are parts of a set, not individuals: import "
            "one of them, or put the folders of all individuals into one"
        )
    faults += check_identities({name: f"{folder}/{escaped}" for name, escaped in names.items()})
    identities = pd.Series([names[path.parts[0]] for path in listed], dtype=str)
    paths = pd.Series([folder / path for path in listed], dtype=object)
    return pd.DataFrame({"path": paths, "identity": to_numbers(identities)})


def _log_absent(folder: Path, listed: set[str]) -> None:
    """Say which sub-folders are no individuals since no photograph in them is read."""
    names = [
        photograph_files.printable(entry.name)
        for entry in sorted(folder.iterdir())
        if entry.is_dir()
        and entry.name not in listed
        and not photograph_files.is_rubbish(entry.name)
    ]
    if names:
        logger.warning(
            "%s: no photograph in these folders is read, so they are no individuals: %s",
            *(folder, ", ".join(names)),
        )


def list_table(
    file: Path, root: Path, columns: Mapping[str, str], skip: str, faults: list[str]
) -> pd.DataFrame:
    """List the photographs of a CSV file (path, identity, and date and viewpoint if named).

    root : the folder that paths are relative to
    columns : the file's column for path, identity and optionally date and viewpoint
    skip : rows with this identity are left out

    The index is the row in the file. Faults are added to `faults`: of the table, and for each
    photograph that does not exist, can't be read or is listed twice. Raises ValueError, before any
    photograph is looked at, if no row has the identity `skip`.
    """
    before = len(faults)
    table = user_csv.collect_rows(file, list(dict.fromkeys(columns.values())), faults)
    table = table[list(columns.values())].set_axis(list(columns), axis=1)
    if table.empty and len(faults) > before:
        return table  # it can't be read
    if skip and skip not in set(table["identity"]):
        raise ValueError(f"{file.name} has no identity {skip} to leave out (--skip)")
    table = table[table["identity"] != skip] if skip else table
    if table.empty:
        faults.append(f"{file.name} lists no photograph")
    paths = pd.Series([find_path(root, name) for name in table["path"]], table.index, dtype=object)
    faults += check_paths(paths, table["path"], file)
    faults += check_identities(identity_names.locate(file.name, table["identity"]))
    if "viewpoint" in table:
        table = table.assign(viewpoint=table["viewpoint"].str.strip())
        faults += viewpoints.find_variants(file.name, table["viewpoint"])
    return table.assign(path=paths, identity=to_numbers(table["identity"]))


def find_path(root: Path, name: str) -> Path:
    """The file that a cell names: Windows writes backslashes, and macOS decomposed accents."""
    ways = [name, name.replace("\\", "/")]
    ways += [unicodedata.normalize(form, way) for form in ("NFC", "NFD") for way in ways]
    return next((root / way for way in ways if (root / way).exists()), root / name)


def check_paths(paths: pd.Series, names: pd.Series, file: Path) -> list[str]:
    """Find photographs that do not exist, are no files, or are listed twice.

    paths, names : the files, and the cells that name them, by row
    """
    faults = []
    first_row: dict[Path, int] = {}
    beside: dict[Path, SimilarNames] = {}
    for row, path, name in zip(paths.index, paths, names, strict=True):
        if not name.strip():
            reason = "the cell of the file is empty"
        elif path in first_row:
            reason = f"{path} is listed already, in row {first_row[path]}"
        else:
            reason = _path_fault(path, beside)
        faults += [f"{file.name}, row {row}: {reason}"] if reason else []
        first_row.setdefault(path, row)
    return faults


def _path_fault(path: Path, beside: dict[Path, SimilarNames]) -> str:
    """Why a listed file is no photograph, or "". `beside` keeps the names of each folder."""
    if path.exists():
        kind = photograph_files.SINGULAR.get(photograph_files.find_kind(path))
        return f"{path} {kind}" if kind else ""
    folder = path.parent
    if folder not in beside:
        beside[folder] = SimilarNames(os.listdir(folder) if folder.is_dir() else [])
    return f"{path} does not exist{beside[folder].describe(path.name)}"


def check_identities(rows: Mapping[str, str]) -> list[str]:
    """Find the names that are no label; `rows` says where each was found."""
    identity_names.log_case_variants(rows)
    faults = identity_names.name_faults(rows, {NEW})
    hint = f": --skip {NEW} leaves it out"
    return [fault + hint if fault.endswith(identity_names.RESERVED) else fault for fault in faults]


def to_numbers(identities: pd.Series) -> pd.Series:
    """Convert identities to integers if all are: the published rules sort them as numbers."""
    integers = identities.str.fullmatch(r"0|[1-9]\d{0,17}")
    return identities.astype(np.int64) if len(integers) and integers.all() else identities


def check_split(table: pd.DataFrame, test: np.ndarray) -> list[str]:
    """Find splits that no pipeline can use: nothing to identify, or nothing to learn."""
    if not len(table):
        return []
    trained = table["identity"][~test].astype(str)
    too_few = identity_names.count_fault(sorted(set(trained)))
    faults = [f"the training set would have {too_few}"] if too_few else []
    if not test.any():
        faults.append(
            "the test would have no photograph: it needs an individual with two photographs, or "
            "a smaller --ratio"
        )
    return faults
