"""The tables that stages exchange: their columns, read with checks and written whole or not at all.

Text columns stay text ("007" and "NA" are identities like any other), so reading never guesses.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pandas as pd

NEW_WHALE = "new_whale"

TRANSFORM = ["t00", "t01", "t02", "t10", "t11", "t12"]

COLUMNS = {
    # one row an image; identity is "" for test images; path is from the project's root
    "images": ["image", "split", "identity", "path", "width", "height", "bytes", "sha256"],
    # one row per image with a known viewpoint
    "viewpoints": ["image", "viewpoint"],
    # one row an image; equal numbers mean the same photograph
    "groups": ["image", "group"],
    # one row per labelled image; only_fold is "", or the fold whose member alone may train on it
    "labels": ["image", "identity", "group", "provenance", "only_fold"],
    # one row an image, x1 and y1 exclusive, in pixels; t.. maps photograph pixels to crop pixels
    "boxes": ["image", "x0", "y0", "x1", "y1", "source", *TRANSFORM],
    # one row a labelled image; fold is -1 where an image is never held out (pseudo-labels)
    "folds": ["image", "identity", "group", "only_fold", "fold"],
    # the same photograph in test and in train
    "duplicates": ["image", "duplicate_of", "identity"],
    # the same photograph under several identities
    "conflicts": ["group", "images", "identities"],
    # one row a query: its five labels in order, separated by spaces, and the truth where known
    "rankings": ["image", "group", "fold", "kind", "truth", "cluster", "weight", "ranking"],
    "review": ["image_a", "image_b", "decision", "who", "when"],
    # partition: of the folds that the labelling members were trained by (`folds.hash_partition`)
    "pseudo": ["image", "identity", "confidence", "fold", "round", "partition"],
}

NUMBERS = {
    "width": int,
    "height": int,
    "bytes": int,
    "group": int,
    "fold": int,
    "round": int,
    "confidence": float,
    "weight": float,
    **dict.fromkeys(["x0", "y0", "x1", "y1"], int),
    **dict.fromkeys(TRANSFORM, float),
}


def read(kind: str, path: Path) -> pd.DataFrame:
    """Read the table at `path`; raises ValueError naming the file where columns aren't `kind`'s."""
    return parsed(kind, path, str(path))


def parsed(kind: str, source: Path | TextIO, name: str) -> pd.DataFrame:
    """The table in a file or an open text, whose `name` is for the error; see `read`."""
    table = pd.read_csv(source, dtype=str, keep_default_na=False)
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes the surplus for names of rows
        raise ValueError(
            f"{name}: the first row has more cells than the {len(table.columns)} columns"
        )
    if list(table.columns) != COLUMNS[kind]:
        raise ValueError(f"{name}: columns are {list(table.columns)}, expected {COLUMNS[kind]}")
    return table.astype({name: number for name, number in NUMBERS.items() if name in table})


def write(kind: str, table: pd.DataFrame, path: Path) -> None:
    """Write the columns of `kind` as CSV, whole or not at all."""
    write_csv(table[COLUMNS[kind]], path)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write any table as CSV, whole or not at all."""
    replace(path, lambda part: table.to_csv(part, index=False, lineterminator="\n"))


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write any table as parquet, whole or not at all."""
    replace(path, lambda part: table.to_parquet(part, index=False))


def write_json(values: dict, path: Path) -> None:
    """Write as JSON, whole or not at all; NaN, which JSON hasn't, as null."""
    told = {key: None if value != value else value for key, value in values.items()}
    text = json.dumps(told, indent=2, allow_nan=False) + "\n"
    replace(path, lambda part: part.write_text(text))


def read_json(path: Path) -> dict:
    """Read what `write_json` wrote; NaN comes back as None."""
    return json.loads(path.read_text())


def replace(path: Path, save: Callable[[Path], object]) -> None:
    """Let `save` write a neighbouring temporary file, then give it its name in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        save(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
