"""A competition directory, written from listed photographs: whole or not at all."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import photograph_files, tables
from pipeline.data.cut_photograph import Cut, cut_photograph
from pipeline.data.path_text import to_text
from pipeline.data.photograph_files import LeftOut
from pipeline.data.spreadsheet import defuse, restore
from pipeline.system import files

COLUMNS = ["Image", "Id"]
NEW = tables.NEW_WHALE
NAMES = "truth/names.csv"  # Image, the photograph's own path, and maybe ORIGIN
# what a new photograph was before it was copied: its path in its folder, which of its animals is
# shown (`2 of 3`), how sure a detector was of it, its box in fractions of the photograph
ORIGIN = ["photograph", "animal", "detection", "box_x", "box_y", "box_width", "box_height"]


def write_competition(
    table: pd.DataFrame, test: np.ndarray, out: Path, seed: int, left_out: Iterable[LeftOut] = ()
) -> None:
    """Copy photographs into a new competition directory, whole or not at all.

    table : columns path, identity and optionally viewpoint, x0, y0, x1 and y1, cut (the part of a
        photograph that is written in its place, or None) and those of ORIGIN
    test : bool, n: the test photographs; without an identity ("") they have no solution
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
        names = choose_names(table, seed)
        copy_photographs(table, names, test, part)
        write_tables(table, names, test, part)
        photograph_files.write_left_out(left_out, part / "truth/left_out.csv")
        files.rename_folder(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)  # of a full disk, for example


def choose_names(table: pd.DataFrame, seed: int) -> list[str]:
    """Choose new file names: random numbers, and the old extensions, or that of a part."""
    order = np.random.default_rng(seed).permutation(len(table))
    endings = [
        path.suffix.lower() if cut is None else ".jpg"
        for path, cut in zip(table["path"], list_cuts(table), strict=True)
    ]
    return [f"{number:06d}{ending}" for number, ending in zip(order, endings, strict=True)]


def list_cuts(table: pd.DataFrame) -> list[Cut | None]:
    """The part of each photograph that is used; None for all of it."""
    return table["cut"].tolist() if "cut" in table else [None] * len(table)


def copy_photographs(table: pd.DataFrame, names: list[str], test: np.ndarray, out: Path) -> None:
    """Copy photographs, or parts of them, under new names into the folders train and test."""
    rows = zip(table["path"], list_cuts(table), names, test, strict=True)
    for path, cut, name, is_test in tqdm(rows, "copying", len(table), unit="image"):
        target = out / ("test" if is_test else "train") / name
        if cut is None:
            shutil.copyfile(path, target)
        else:
            cut_photograph(path, cut, target)


def write_tables(table: pd.DataFrame, names: list[str], test: np.ndarray, out: Path) -> None:
    """Write train.csv, the sample, the solution, the old names; viewpoints and boxes, if known."""
    rows = pd.DataFrame({"Image": names, "Id": table["identity"].astype(str)})
    write_labels(rows.sort_values("Image"), pd.Series(test, rows.index), out)
    old = [to_text(path.absolute()) for path in table["path"]]
    origin = table[[name for name in ORIGIN if name in table]]
    written = pd.concat([rows[["Image"]].assign(path=old), origin], axis=1)
    tables.write_csv(defuse(written), out / NAMES)
    if "viewpoint" in table:
        known = pd.DataFrame({"Image": names, "viewpoint": table["viewpoint"]})
        tables.write_csv(known.sort_values("Image"), out / "viewpoints.csv")
    if "x0" in table:
        boxes = table[["x0", "y0", "x1", "y1"]].assign(Image=names).dropna().sort_values("Image")
        tables.write_csv(boxes[["Image", "x0", "y0", "x1", "y1"]], out / "boxes.csv")


def write_labels(rows: pd.DataFrame, test: pd.Series, out: Path) -> None:
    """Write train.csv, the sample and, if it is known, the solution; half of the test is public."""
    is_test = test.loc[rows.index]
    train, hidden = rows[~is_test], rows[is_test]
    tables.write_csv(train[COLUMNS], out / "train.csv")
    tables.write_csv(hidden.assign(Id=NEW)[COLUMNS], out / "sample_submission.csv")
    if (hidden["Id"] == "").all():
        return  # the solution is not known
    known = hidden["Id"].isin(set(train["Id"]))
    hidden = hidden.assign(Id=hidden["Id"].where(known, NEW))
    usage = np.where(np.arange(len(hidden)) % 2 == 0, "Public", "Private")
    tables.write_csv(hidden.assign(Usage=usage)[[*COLUMNS, "Usage"]], out / "solution.csv")


def read_names(folder: Path) -> pd.DataFrame | None:
    """What the photographs were before they were copied: Image, path and ORIGIN as text.

    None if the directory was written otherwise.
    """
    if not (folder / NAMES).is_file():
        return None
    table = restore(pd.read_csv(folder / NAMES, dtype=str, keep_default_na=False))
    return table.reindex(columns=["Image", "path", *ORIGIN], fill_value="")
