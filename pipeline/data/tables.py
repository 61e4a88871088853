"""The tables that stages exchange: their columns, read with checks and written whole or not at all.

Text columns stay text: "007" and "NA" are identities like any other.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from pipeline.data.spreadsheet import defuse, restore
from pipeline.system.errors import explain_damage
from pipeline.system.files import replace

NEW_WHALE = "new_whale"

TRANSFORM = ["t00", "t01", "t02", "t10", "t11", "t12"]

COLUMNS = {
    # one row per image; identity is "" for test images; path is from the project's root
    "images": ["image", "split", "identity", "path", "width", "height", "bytes", "sha256"],
    # one row per file of the competition that is not used, from its folder, and why; where: train,
    # test or unlabelled, or "" of a file that no table lists
    "left_out": ["file", "where", "reason"],
    # one row per image with a known viewpoint or species; "" is unknown
    "viewpoints": ["image", "viewpoint", "species"],
    # one row per image of which is known when or where it was taken; "" is unknown
    "occasions": [
        *("image", "date", "time", "place", "latitude", "longitude", "camera", "sequence"),
    ],
    # one row per image; equal numbers mean one encounter: the row of its first image
    "encounters": ["image", "encounter"],
    # one row per image with a given box, x1 and y1 exclusive, in pixels
    "given_boxes": ["image", "x0", "y0", "x1", "y1"],
    # one row per image with a given mask; path is from the project's root
    "given_masks": ["image", "path", "sha256"],
    # one row per image; equal numbers mean duplicates
    "groups": ["image", "group"],
    # one row per labelled image; only_fold is "", or the fold whose member alone may train on it
    "labels": ["image", "identity", "group", "provenance", "only_fold"],
    # one row per image, x1 and y1 exclusive, in pixels; t.. maps photograph pixels to crop pixels
    "boxes": ["image", "x0", "y0", "x1", "y1", "source", *TRANSFORM],
    # one row per labelled image; group: of duplicates, joined with the others of their encounters;
    # fold and part are -1 if it is never held out (pseudo-labels)
    "folds": ["image", "identity", "group", "only_fold", "fold", "part"],
    # one row per test image that is a duplicate of a labelled one, whose identity it has
    "duplicates": ["image", "duplicate_of", "identity"],
    # one row per duplicate group with several identities
    "conflicts": ["group", "images", "identities"],
    # one row per query: its five labels, best first, separated by spaces, and the truth if known
    "rankings": ["image", "group", "fold", "kind", "truth", "cluster", "weight", "ranking"],
    # one row per test image: its labels, best first, separated by spaces
    "test_rankings": ["image", "ranking"],
    # one row per query whose encounter has others: the number of photographs, as how many
    # independent ones these count, their labels together, best first, and the posteriors of the
    # likeliest individual and of a new one
    "encounter_rankings": [
        *("image", "encounter", "photographs", "count", "ranking"),
        *("known_posterior", "new_posterior"),
    ],
    # one row per held-out and per test image
    "clusters": ["image", "cluster"],
    # one row per decision of a person about two images
    "review": ["image_a", "image_b", "decision", "who", "when"],
    # one row per pseudo-label; partition: of the folds of the members that predicted it
    # (`folds.hash_partition`)
    "pseudo": ["image", "identity", "confidence", "fold", "round", "partition"],
}

NUMBERS = {
    "width": int,
    "height": int,
    "bytes": int,
    "group": int,
    "encounter": int,
    "fold": int,
    "part": int,
    "round": int,
    "confidence": float,
    "weight": float,
    "photographs": int,
    "count": float,
    "posterior": float,
    **dict.fromkeys(["x0", "y0", "x1", "y1"], int),
    **dict.fromkeys(TRANSFORM, float),
}


def is_pseudo(table: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows of "labels" or "folds" are pseudo-labels: guesses to train one member on."""
    return table["only_fold"] != ""


def read(kind: str, path: Path) -> pd.DataFrame:
    """Read a table of COLUMNS that a stage wrote.

    Raises UserError naming the file if it is damaged or has other columns.
    """
    check_last_line(path)
    return parse(kind, path, str(path))


def parse(kind: str, source: Path | TextIO, name: str) -> pd.DataFrame:
    """Read a table from a file or an open text, as `read`; `name` is for the message only."""
    with explain_damage(name):
        table = pd.read_csv(source, dtype=str, keep_default_na=False)
        if not isinstance(table.index, pd.RangeIndex):  # pandas reads surplus cells as row names
            raise ValueError(f"the first row has more cells than the {len(table.columns)} columns")
        if list(table.columns) != COLUMNS[kind]:
            raise ValueError(f"columns are {list(table.columns)}, expected {COLUMNS[kind]}")
        return restore(table).astype(
            {name: number for name, number in NUMBERS.items() if name in table}
        )


def read_csv(path: Path) -> pd.DataFrame:
    """Read any table that `write_csv` wrote; raises UserError if it is damaged."""
    check_last_line(path)
    with explain_damage(path):
        return pd.read_csv(path)


def read_numbers(path: Path, columns: Sequence[str], texts: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table as `read_csv`; other numbers than those of `write_csv` are damage, too.

    columns : that it must have
    texts : the columns, of all that it has, that are not numbers
    """
    table = read_csv(path)
    with explain_damage(path):
        if missing := [name for name in columns if name not in table]:
            raise ValueError(f"there is no column {missing[0]}")
        table.drop(columns=list(texts)).astype(float)
    return table


def check_last_line(path: Path) -> None:
    """Raise UserError for a file that does not end with a line: pandas would fill up a cut row."""
    with explain_damage(path), path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read() != b"\n":
            raise ValueError("its last line is cut")


def read_parquet(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read any table that `write_parquet` wrote, or some columns; UserError if it is damaged."""
    with explain_damage(path):
        return pd.read_parquet(path, columns=columns)


def open_array(path: Path) -> np.ndarray:
    """Open an array that a stage wrote, on the disk; raises UserError if it is damaged."""
    with explain_damage(path):
        return np.load(path, mmap_mode="r")


def write(kind: str, table: pd.DataFrame, path: Path) -> None:
    """Write the columns of `kind` as CSV, whole or not at all, safe in a spreadsheet."""
    write_csv(defuse(table[COLUMNS[kind]]), path)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write any table as CSV, whole or not at all."""
    replace(path, lambda part: table.to_csv(part, index=False, lineterminator="\n"))


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write any table as parquet, whole or not at all."""
    replace(path, lambda part: table.to_parquet(part, index=False))


def write_json(values: dict, path: Path) -> None:
    """Write as JSON, whole or not at all; NaN, which JSON does not have, as null."""
    values = {key: None if value != value else value for key, value in values.items()}
    text = json.dumps(values, indent=2, allow_nan=False) + "\n"
    replace(path, lambda part: part.write_text(text))


def read_json(path: Path) -> dict:
    """Read what `write_json` wrote; NaN comes back as None. Raises UserError if it is damaged."""
    with explain_damage(path):
        return json.loads(path.read_text())
