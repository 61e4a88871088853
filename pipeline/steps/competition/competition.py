"""Reading and checking a competition's directory; nothing in it is changed."""

import math
from pathlib import Path

import pandas as pd

from pipeline.data import identity_names, photograph_files, tables
from pipeline.params import Columns
from pipeline.steps.competition import annotations, checks, measuring
from pipeline.system.errors import Faults
from pipeline.system.threads import map_in_threads


def read_competition(
    path: Path, columns: Columns
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read the tables "images" and "viewpoints" and the sample (one column, `image`).

    Returns images, sample, viewpoints. Training images come first, in the order of train.csv, then
    the test images in the order of the sample, then the files of unlabelled/, by name: photographs
    without a label that the submission leaves out. Raises Faults with everything that is wrong, not
    only with the first thing.
    """
    faults: list[str] = []
    try:
        read = _read_all(path, columns, faults)
    except OSError as error:  # a folder that may not be read, a disk that fails
        unread = f"{error.filename or path}: can't be read ({error.strerror})"
        raise Faults(path, [*faults, unread]) from None
    if faults:
        raise Faults(path, faults)
    return read


def check_folds(images: pd.DataFrame, count: int) -> None:
    """Raise Faults if `count` folds are too many for the labelled rows of the table "images".

    Duplicates, which are not known yet, leave fewer photographs: the stage `folds` counts again.
    """
    labelled = images.loc[images["split"] == "train", "identity"]
    photographs = labelled[labelled != tables.NEW_WHALE].value_counts()
    single = int((photographs == 1).sum())
    # those with several photographs are in several folds, so that every member learns from them
    trained = len(photographs) - math.ceil(single / count)
    fault = ""
    if len(labelled) < count:
        fault = f"{len(labelled)} labelled photographs do not fill {count} folds"
    elif trained < identity_names.MIN_INDIVIDUALS:
        fault = (
            f"of {len(photographs)} individuals {single} have one photograph: with {count} folds a "
            f"member would learn from {trained}, at least {identity_names.MIN_INDIVIDUALS} are "
            "needed"
        )
    if fault:
        raise Faults("train.csv", [f"{fault} (folds.count in params.yaml)"])


def _read_all(
    path: Path, columns: Columns, faults: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The tables, as far as they can be read; everything that is wrong is added to `faults`."""
    if not path.is_dir():
        raise Faults(path, ["no such folder (competition.path in params.yaml names it)"])
    faults += checks.check_entries(path)
    train = _read_train(path, columns, faults)
    test = _read_sample(path, columns, faults)
    unlabelled = _list_unlabelled(path / "unlabelled", faults)
    table = pd.concat([train, test, unlabelled], ignore_index=True)
    faults += _find_same_names(table)
    table["path"] = [
        (path / split / name).as_posix() if checks.is_file_name(name) else ""
        for split, name in zip(table["split"], table["image"], strict=True)
    ]
    table = _measure_images(table, faults)
    faults += annotations.check_annotations(path, table, columns)
    viewpoints = annotations.read_viewpoints(
        path / "viewpoints.csv", set(table["image"]), columns, faults
    )
    return table[tables.COLUMNS["images"]], test[["image"]], viewpoints


def _read_train(path: Path, columns: Columns, faults: list[str]) -> pd.DataFrame:
    before = len(faults)
    table = checks.read_csv(path / "train.csv", [columns.image, columns.identity], faults)
    name, identity = table[columns.image], table[columns.identity]
    if len(table) or len(faults) == before:  # otherwise it can't be read
        if table.empty:
            faults.append("train.csv: has no rows")
        faults += checks.check_names("train.csv", name)
        faults += checks.check_identities("train.csv", identity, columns.new_whale)
        faults += checks.check_folder(path / "train", "train.csv", name)
        too_few = identity_names.count_fault(set(identity) - {columns.new_whale})
        faults += [f"train.csv: {too_few}"] if too_few and len(identity) else []
    identity = identity.replace(columns.new_whale, tables.NEW_WHALE)
    return _build_rows("train.csv", name, "train", identity)


def _read_sample(path: Path, columns: Columns, faults: list[str]) -> pd.DataFrame:
    before = len(faults)
    file = "sample_submission.csv"
    table = checks.read_csv(path / file, [columns.image, columns.answer], faults)
    name = table[columns.image]
    if len(table) or len(faults) == before:
        if table.empty:
            faults.append(f"{file}: has no rows: there is nothing to predict")
        faults += checks.check_names(file, name)
        faults += checks.check_folder(path / "test", file, name)
    return _build_rows(file, name, "test", "")


def _list_unlabelled(folder: Path, faults: list[str]) -> pd.DataFrame:
    """List the photographs of an optional folder."""
    names: list[str] = []
    if folder.is_dir():
        listing = photograph_files.list_photographs(folder)
        photograph_files.log_left_out(f"{folder.name}/", listing.left_out)
        names = [photograph.name for photograph in listing.photographs]
    wrong = [name for name in names if not photograph_files.is_utf8(name)]
    faults += [
        f"unlabelled/{photograph_files.printable(name)}: its name is no UTF-8: rename it"
        for name in wrong
    ]
    name = pd.Series([name for name in names if name not in wrong], dtype=str)
    return _build_rows("", name, "unlabelled", "").assign(listed="unlabelled/" + name)


def _build_rows(file: str, name: pd.Series, split: str, identity: pd.Series | str) -> pd.DataFrame:
    """Build rows of images; the column listed tells a fault's message where the image is listed."""
    listed = [f"{file}, row {row}" for row in name.index]
    return pd.DataFrame({"image": name, "split": split, "identity": identity, "listed": listed})


def _find_same_names(table: pd.DataFrame) -> list[str]:
    """Find names that two folders have; those twice in one table are faults of that table."""
    unique = table.drop_duplicates(["image", "split"])
    several = unique[unique["image"].duplicated(keep=False)]
    splits = {str(name): rows.tolist() for name, rows in several.groupby("image")["split"]}
    return [
        f"{first}/{name}: {other}/ has an image of the same name"
        for name, (first, *others) in splits.items()
        for other in others
    ]


def _measure_images(table: pd.DataFrame, faults: list[str]) -> pd.DataFrame:
    """Add width, height, bytes, sha256 and orientation to the rows.

    0 and "" for images that can't be read. Every image is decoded once: only that proves that
    training will be able to.
    """
    results = map_in_threads(measuring.measure, table["path"].tolist(), "photographs")
    for listed, result in zip(table["listed"], results, strict=True):
        faults += [f"{listed}: {result.fault}"] if result.fault else []
    names = table["image"].tolist()
    measuring.log_damaged(table["listed"].tolist(), names, results)
    measuring.log_kinds(names, results)
    columns = ["width", "height", "bytes", "sha256", "orientation"]
    rows = [[getattr(result, column) for column in columns] for result in results]
    measures = pd.DataFrame(rows, columns=columns, index=table.index)
    return pd.concat([table, measures], axis=1)
