"""A competition directory, written from listed photographs: whole or not at all."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import photograph_files, tables
from pipeline.data.photograph_files import LeftOut
from pipeline.system import files

COLUMNS = ["Image", "Id"]
NEW = tables.NEW_WHALE


def write_competition(
    table: pd.DataFrame, test: np.ndarray, out: Path, seed: int, left_out: Iterable[LeftOut] = ()
) -> None:
    """Copy photographs into a new competition directory, whole or not at all.

    table : columns path, identity and optionally viewpoint, and x0, y0, x1 and y1
    test : bool, n: the test photographs
    seed : of the new file names, which do not reveal the individual; truth/names.csv has the old
    left_out : what was not read, for truth/left_out.csv

    An individual of the test that the training lacks is new_whale in the solution. Raises
    ValueError if the directory exists.
    """
    if os.path.lexists(out):
        raise ValueError(f"{out} exists already: delete it, or name another folder")
    part = out.with_name(f".part-{out.name}")
    shutil.rmtree(part, ignore_errors=True)
    try:
        for folder in ("train", "test", "truth"):
            (part / folder).mkdir(parents=True)
        names = choose_names(table["path"], seed)
        copy_photographs(table["path"], names, test, part)
        write_tables(table, names, test, part)
        photograph_files.write_left_out(left_out, part / "truth/left_out.csv")
        files.rename_folder(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)  # of a full disk, for example


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


def write_tables(table: pd.DataFrame, names: list[str], test: np.ndarray, out: Path) -> None:
    """Write train.csv, the sample, the solution, the old names; viewpoints and boxes, if known."""
    rows = pd.DataFrame({"Image": names, "Id": table["identity"].astype(str)})
    write_labels(rows.sort_values("Image"), pd.Series(test, rows.index), out)
    # a name of a file may have bytes that are no UTF-8
    old = [path.as_posix().encode("utf-8", "backslashreplace").decode() for path in table["path"]]
    tables.write_csv(rows.assign(path=old)[["Image", "path"]], out / "truth/names.csv")
    if "viewpoint" in table:
        known = pd.DataFrame({"Image": names, "viewpoint": table["viewpoint"]})
        tables.write_csv(known.sort_values("Image"), out / "viewpoints.csv")
    if "x0" in table:
        boxes = table[["x0", "y0", "x1", "y1"]].assign(Image=names).dropna().sort_values("Image")
        tables.write_csv(boxes[["Image", "x0", "y0", "x1", "y1"]], out / "boxes.csv")


def write_labels(rows: pd.DataFrame, test: pd.Series, out: Path) -> None:
    """Write train.csv, the sample and the solution; half of the test is public."""
    is_test = test.loc[rows.index]
    train, hidden = rows[~is_test], rows[is_test]
    known = hidden["Id"].isin(set(train["Id"]))
    hidden = hidden.assign(Id=hidden["Id"].where(known, NEW))
    usage = np.where(np.arange(len(hidden)) % 2 == 0, "Public", "Private")
    tables.write_csv(train[COLUMNS], out / "train.csv")
    tables.write_csv(hidden.assign(Id=NEW)[COLUMNS], out / "sample_submission.csv")
    tables.write_csv(hidden.assign(Usage=usage)[[*COLUMNS, "Usage"]], out / "solution.csv")
