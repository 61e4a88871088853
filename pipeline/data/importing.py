"""A collection of photographs of known individuals as a competition directory."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import images, tables

COLUMNS = ["Image", "Id"]
NEW = tables.NEW_WHALE


def from_folders(folder: Path, skip: str = "") -> pd.DataFrame:
    """Columns path, identity: every photograph in a sub-folder that is named for the individual.

    The sub-folder `skip` (of animals that nobody knows) is left out. Raises ValueError where there
    is none.
    """
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in images.EXTENSIONS)
    named = [
        file
        for file in files
        if file.parent != folder and file.relative_to(folder).parts[0] != skip
    ]
    if skip and not (folder / skip).is_dir():
        raise ValueError(f"{folder} has no sub-folder {skip} to leave out")
    if not named:
        raise ValueError(f"{folder} has no sub-folder, one an individual, with photographs")
    identity = [file.relative_to(folder).parts[0] for file in named]
    check_identities(identity)
    return pd.DataFrame({"path": named, "identity": as_numbers(pd.Series(identity))})


def from_table(
    file: Path,
    root: Path,
    path: str,
    identity: str,
    date: str | None,
    side: str | None = None,
    skip: str = "",
) -> pd.DataFrame:
    """Columns path, identity and, where they are named, date and side, from a CSV's columns of
    these names.

    Paths are relative to `root`; rows whose identity is `skip` are left out. Raises ValueError for
    a column or a file that is not there, and for a photograph that is listed twice.
    """
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    more = {name: column for name, column in (("date", date), ("viewpoint", side)) if column}
    absent = [name for name in (path, identity, *more.values()) if name not in table]
    if absent:
        raise ValueError(f"{file} has no column {absent}, only {list(table)}")
    if skip and skip not in set(table[identity]):
        raise ValueError(f"{file}: nobody is called {skip}, to be left out")
    if skip:
        table = table[table[identity] != skip].reset_index(drop=True)
    if table.empty:
        raise ValueError(f"{file} lists no photograph")
    found = pd.DataFrame({"path": [root / name for name in table[path]]})
    missing = [one for one in found["path"] if not one.is_file()]
    if missing:
        raise ValueError(f"{file}: {len(missing)} photographs are not there, first {missing[0]}")
    if found["path"].duplicated().any():
        twice = found["path"][found["path"].duplicated()].iloc[0]
        raise ValueError(f"{file}: {twice} is listed twice")
    check_identities(table[identity])
    found["identity"] = as_numbers(table[identity])
    return found.assign(**{name: table[column] for name, column in more.items()})


def check_identities(identities: Iterable[str]) -> None:
    """Raises ValueError for a name that a submission can't hold: labels stand between spaces."""
    wrong = sorted({one for one in identities if not one or one == NEW or len(one.split()) != 1})
    if wrong:
        raise ValueError(f"an individual can't be called {wrong[0]!r}: no spaces, not {NEW}")


def as_numbers(identities: pd.Series) -> pd.Series:
    """Whole numbers as numbers, where all are: the published rules sort them so."""
    plain = identities.str.fullmatch(r"0|[1-9]\d{0,17}")
    return identities.astype(np.int64) if len(plain) and plain.all() else identities


def write(table: pd.DataFrame, test: np.ndarray, out: Path, seed: int) -> None:
    """Copy the photographs (columns path, identity and maybe side) into a competition directory,
    `test` asked.

    File names are drawn anew, so that none tells whom it shows; truth/names.csv has the old ones.
    An individual that is asked and never shown in training is new_whale in the solution. The
    directory appears whole or not at all; raises ValueError where it is there already.
    """
    if out.exists():
        raise ValueError(f"{out} is there already: delete it, or name another folder")
    part = out.with_name(f".part-{out.name}")
    shutil.rmtree(part, ignore_errors=True)
    for folder in ("train", "test", "truth"):
        (part / folder).mkdir(parents=True)
    order = np.random.default_rng(seed).permutation(len(table))
    names = [
        f"{place:06d}{path.suffix.lower()}"
        for place, path in zip(order, table["path"], strict=True)
    ]
    rows = pd.DataFrame({"Image": names, "Id": table["identity"].astype(str)})
    for path, name, asked in tqdm(
        zip(table["path"], names, test, strict=True), "copying", len(table), unit="image"
    ):
        shutil.copyfile(path, part / ("test" if asked else "train") / name)
    write_tables(rows.sort_values("Image"), pd.Series(test, rows.index), part)
    old = rows.assign(path=[path.as_posix() for path in table["path"]])
    tables.write_csv(old[["Image", "path"]], part / "truth/names.csv")
    if "viewpoint" in table:
        sides = pd.DataFrame({"Image": names, "viewpoint": table["viewpoint"]})
        tables.write_csv(sides.sort_values("Image"), part / "viewpoints.csv")
    part.rename(out)


def write_tables(rows: pd.DataFrame, test: pd.Series, out: Path) -> None:
    """train.csv, the sample and the solution; half of the test is public."""
    asked = test.loc[rows.index]
    train, hidden = rows[~asked], rows[asked]
    known = hidden["Id"].isin(set(train["Id"]))
    hidden = hidden.assign(Id=hidden["Id"].where(known, NEW))
    usage = np.where(np.arange(len(hidden)) % 2 == 0, "Public", "Private")
    tables.write_csv(train[COLUMNS], out / "train.csv")
    tables.write_csv(hidden.assign(Id=NEW)[COLUMNS], out / "sample_submission.csv")
    tables.write_csv(hidden.assign(Usage=usage)[[*COLUMNS, "Usage"]], out / "solution.csv")
