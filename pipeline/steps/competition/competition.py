"""Reading and checking a competition's directory; nothing in it is changed."""

import os
from pathlib import Path

import pandas as pd

from pipeline.data import images, tables
from pipeline.params import Columns
from pipeline.steps.competition import annotations, checks
from pipeline.steps.competition.faults import Faults
from pipeline.steps.competition.threads import map_in_threads


def read_competition(
    path: Path, columns: Columns
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read the tables "images" and "viewpoints" and the sample (one column, `image`).

    Returns images, sample, viewpoints. Training images come first, in the order of train.csv, then
    the test images in the order of the sample, then the files of unlabelled/, by name: photographs
    without a label that the submission leaves out. Raises Faults with everything that is wrong, not
    only with the first thing.
    """
    if not path.is_dir():
        raise Faults(path, ["no such folder (competition.path in params.yaml names it)"])
    faults: list[str] = []
    train = _read_train(path, columns, faults)
    test = _read_sample(path, columns, faults)
    unlabelled = _list_unlabelled(path / "unlabelled")
    table = pd.concat([train, test, unlabelled], ignore_index=True)
    faults += _find_same_names(table)
    table["path"] = [
        (path / split / name).as_posix() if checks.is_file_name(name) else ""
        for split, name in zip(table["split"], table["image"], strict=True)
    ]
    table = _measure_images(table, faults)
    faults += annotations.check_masks(path / "masks", table)
    faults += annotations.check_boxes(path / "boxes.csv", table, columns)
    viewpoints = annotations.read_viewpoints(
        path / "viewpoints.csv", set(table["image"]), columns, faults
    )
    if faults:
        raise Faults(path, faults)
    return table[tables.COLUMNS["images"]], test[["image"]], viewpoints


def _read_train(path: Path, columns: Columns, faults: list[str]) -> pd.DataFrame:
    before = len(faults)
    table = checks.read_csv(path / "train.csv", [columns.image, columns.identity], faults)
    name, identity = table[columns.image], table[columns.identity]
    if len(faults) == before:
        if table.empty:
            faults.append("train.csv: has no rows")
        faults += checks.check_names("train.csv", name)
        faults += checks.check_identities("train.csv", identity, columns.new_whale)
        faults += checks.check_folder(path / "train", "train.csv", name)
    identity = identity.replace(columns.new_whale, tables.NEW_WHALE)
    return _build_rows("train.csv", name, "train", identity)


def _read_sample(path: Path, columns: Columns, faults: list[str]) -> pd.DataFrame:
    before = len(faults)
    file = "sample_submission.csv"
    table = checks.read_csv(path / file, [columns.image, columns.answer], faults)
    name = table[columns.image]
    if len(faults) == before:
        if table.empty:
            faults.append(f"{file}: has no rows: there is nothing to predict")
        faults += checks.check_names(file, name)
        faults += checks.check_folder(path / "test", file, name)
    return _build_rows(file, name, "test", "")


def _list_unlabelled(folder: Path) -> pd.DataFrame:
    """List the photographs of an optional folder."""
    entries = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    name = pd.Series(sorted(checks.select_photographs(entries)), dtype=str)
    return _build_rows("", name, "unlabelled", "").assign(listed="unlabelled/" + name)


def _build_rows(file: str, name: pd.Series, split: str, identity: pd.Series | str) -> pd.DataFrame:
    """Build rows of images; the column listed tells a fault's message where the image is listed."""
    listed = [f"{file}, row {row}" for row in name.index]
    return pd.DataFrame({"image": name, "split": split, "identity": identity, "listed": listed})


def _find_same_names(table: pd.DataFrame) -> list[str]:
    """Find names that two folders have; those twice in one table are faults of that table."""
    unique = table.drop_duplicates(["image", "split"])
    splits = {str(name): rows.tolist() for name, rows in unique.groupby("image")["split"]}
    return [
        f"{first}/{name}: {other}/ has an image of the same name"
        for name, (first, *others) in splits.items()
        for other in others
    ]


def _measure_images(table: pd.DataFrame, faults: list[str]) -> pd.DataFrame:
    """Add width, height, bytes and sha256 to the rows; 0 and "" for images that can't be read.

    Every image is decoded once: only that proves that training will be able to.
    """
    results = map_in_threads(_measure_image, table["path"].tolist(), "photographs")
    for listed, result in zip(table["listed"], results, strict=True):
        faults += [f"{listed}: {result}"] if isinstance(result, str) and result else []
    rows = [(0, 0, 0, "") if isinstance(result, str) else result for result in results]
    measures = pd.DataFrame(rows, columns=["width", "height", "bytes", "sha256"], index=table.index)
    return pd.concat([table, measures], axis=1)


def _measure_image(path: str) -> tuple[int, int, int, str] | str:
    """Return width, height, bytes and sha256; or the fault.

    The fault is "" for a file that is known to be missing, or that was refused for its name.
    """
    if not os.path.exists(path):
        return ""
    try:
        data = images.read_bytes(path)
        height, width = images.decode(data, path).shape[:2]
    except ValueError as error:
        return str(error)
    return width, height, len(data), images.hash_bytes(data)
