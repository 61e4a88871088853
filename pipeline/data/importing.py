"""A collection of photographs of known individuals as a competition directory."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import images, tables
from pipeline.system import files

COLUMNS = ["Image", "Id"]
NEW = tables.NEW_WHALE


def list_folders(folder: Path, skip: str = "") -> pd.DataFrame:
    """List the photographs of a folder with one sub-folder per individual (path, identity).

    The sub-folder `skip` (of unknown individuals) is left out. Raises ValueError if no photograph
    is left.
    """
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in images.EXTENSIONS)
    listed = [
        file
        for file in files
        if file.parent != folder and file.relative_to(folder).parts[0] != skip
    ]
    if skip and not (folder / skip).is_dir():
        raise ValueError(f"{folder} has no sub-folder {skip} to leave out")
    if not listed:
        raise ValueError(f"{folder} has no sub-folders of individuals with photographs")
    identities = [file.relative_to(folder).parts[0] for file in listed]
    check_identities(identities)
    return pd.DataFrame({"path": listed, "identity": to_numbers(pd.Series(identities))})


def list_table(file: Path, root: Path, columns: Mapping[str, str], skip: str = "") -> pd.DataFrame:
    """List the photographs of a CSV file (path, identity, and date and viewpoint if named).

    root : the folder that paths are relative to
    columns : the file's column for path, identity and optionally date and viewpoint
    skip : rows with this identity are left out

    Raises ValueError for a column or a file that does not exist, and for a photograph that is
    listed twice.
    """
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    if absent := [column for column in columns.values() if column not in table]:
        raise ValueError(f"{file} has no column {absent}, only {list(table)}")
    table = table[list(columns.values())].set_axis(list(columns), axis=1)
    if skip:
        table = drop_identity(table, skip, file)
    if table.empty:
        raise ValueError(f"{file} lists no photograph")
    paths = pd.Series([root / name for name in table["path"]], dtype=object)
    check_paths(paths, file)
    check_identities(table["identity"])
    return table.assign(path=paths, identity=to_numbers(table["identity"]))


def drop_identity(table: pd.DataFrame, skip: str, file: Path) -> pd.DataFrame:
    """Drop the rows of one identity; raises ValueError if there are none."""
    if skip not in set(table["identity"]):
        raise ValueError(f"{file} has no identity {skip} to leave out")
    return table[table["identity"] != skip].reset_index(drop=True)


def check_paths(paths: pd.Series, file: Path) -> None:
    """Raise ValueError for a photograph that does not exist, or is listed twice."""
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise ValueError(f"{file}: {len(missing)} photographs do not exist, first {missing[0]}")
    if paths.duplicated().any():
        raise ValueError(f"{file}: {paths[paths.duplicated()].iloc[0]} is listed twice")


def check_identities(identities: Iterable[str]) -> None:
    """Raise ValueError for a name that is no label: a submission separates labels by spaces."""
    wrong = sorted(
        {name for name in identities if not name or name == NEW or len(name.split()) != 1}
    )
    if wrong:
        raise ValueError(f"an individual can't be called {wrong[0]!r}: no spaces, not {NEW}")


def to_numbers(identities: pd.Series) -> pd.Series:
    """Convert identities to integers if all are: the published rules sort them as numbers."""
    integers = identities.str.fullmatch(r"0|[1-9]\d{0,17}")
    return identities.astype(np.int64) if len(integers) and integers.all() else identities


def write_competition(table: pd.DataFrame, test: np.ndarray, out: Path, seed: int) -> None:
    """Copy photographs into a new competition directory, whole or not at all.

    table : columns path, identity and optionally viewpoint
    test : bool, n: the test photographs
    seed : of the new file names, which do not reveal the individual; truth/names.csv has the old

    An individual of the test that the training lacks is new_whale in the solution. Raises
    ValueError if the directory exists.
    """
    if out.exists():
        raise ValueError(f"{out} exists already: delete it, or name another folder")
    part = out.with_name(f".part-{out.name}")
    shutil.rmtree(part, ignore_errors=True)
    for folder in ("train", "test", "truth"):
        (part / folder).mkdir(parents=True)
    names = choose_names(table["path"], seed)
    copy_photographs(table["path"], names, test, part)
    rows = pd.DataFrame({"Image": names, "Id": table["identity"].astype(str)})
    write_tables(rows.sort_values("Image"), pd.Series(test, rows.index), part)
    old = rows.assign(path=[path.as_posix() for path in table["path"]])
    tables.write_csv(old[["Image", "path"]], part / "truth/names.csv")
    if "viewpoint" in table:
        viewpoints = pd.DataFrame({"Image": names, "viewpoint": table["viewpoint"]})
        tables.write_csv(viewpoints.sort_values("Image"), part / "viewpoints.csv")
    files.rename_folder(part, out)


def choose_names(paths: pd.Series, seed: int) -> list[str]:
    """Choose new file names: random numbers, and the old extensions."""
    order = np.random.default_rng(seed).permutation(len(paths))
    pairs = zip(order, paths, strict=True)
    return [f"{number:06d}{path.suffix.lower()}" for number, path in pairs]


def copy_photographs(paths: pd.Series, names: list[str], test: np.ndarray, out: Path) -> None:
    """Copy photographs under new names into the folders train and test of `out`."""
    rows = zip(paths, names, test, strict=True)
    for path, name, is_test in tqdm(rows, "copying", len(paths), unit="image"):
        shutil.copyfile(path, out / ("test" if is_test else "train") / name)


def write_tables(rows: pd.DataFrame, test: pd.Series, out: Path) -> None:
    """Write train.csv, the sample and the solution; half of the test is public."""
    is_test = test.loc[rows.index]
    train, hidden = rows[~is_test], rows[is_test]
    known = hidden["Id"].isin(set(train["Id"]))
    hidden = hidden.assign(Id=hidden["Id"].where(known, NEW))
    usage = np.where(np.arange(len(hidden)) % 2 == 0, "Public", "Private")
    tables.write_csv(train[COLUMNS], out / "train.csv")
    tables.write_csv(hidden.assign(Id=NEW)[COLUMNS], out / "sample_submission.csv")
    tables.write_csv(hidden.assign(Usage=usage)[[*COLUMNS, "Usage"]], out / "solution.csv")
