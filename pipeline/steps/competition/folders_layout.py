"""Competitions with a table of labels and a folder of photographs each for training and test.

Humpback 2018 and 2019 (kaggle.com/c/whale-categorization-playground and
kaggle.com/c/humpback-whale-identification), and Happywhale 2022
(kaggle.com/c/happy-whale-and-dolphin).
"""

from functools import partial
from pathlib import Path

import pandas as pd

from pipeline.data import identity_names, photograph_files, tables, user_csv
from pipeline.params import Columns
from pipeline.steps.competition import annotations, checks
from pipeline.steps.competition.listing import Listing, build_rows, keep_comparable
from pipeline.system.errors import UserError

HAPPYWHALE = Columns(
    image="image", identity="individual_id", answer="predictions", new_whale="new_individual"
)


def list_humpback(path: Path, columns: Columns, faults: list[str]) -> Listing:
    """train/, test/, train.csv and sample_submission.csv, whose columns are called `columns`."""
    return _list(path, columns, ("train", "test"), faults)


def list_happywhale(path: Path, faults: list[str]) -> Listing:
    """The same with train_images/, test_images/, and the species of the training photographs."""
    return _list(path, HAPPYWHALE, ("train_images", "test_images"), faults)


def _list(path: Path, columns: Columns, folders: tuple[str, str], faults: list[str]) -> Listing:
    faults += checks.check_entries(path)
    train = _read_train(path, folders[0], columns, faults)
    test = _read_sample(path, folders[1], columns, faults)
    unlabelled = _list_unlabelled(path / "unlabelled", faults)
    table = pd.concat([train, test, unlabelled], ignore_index=True)
    faults += _find_same_names(table)
    table["path"] = [
        (path / folder / name).as_posix() if checks.is_file_name(name) else ""
        for folder, name in zip(table["folder"], table["image"], strict=True)
    ]
    viewpoints = annotations.read_viewpoints(
        path / "viewpoints.csv", set(table["image"]), columns, faults
    ).assign(species="")
    if _has_column(path / "train.csv", "species"):
        species = _read_species(path / "train.csv", columns)
        viewpoints = keep_comparable(pd.concat([viewpoints, species]), test["image"])
    reads = {path / name for name in (*checks.REQUIRED_FILES, *checks.OPTIONAL)}
    # a table without rows has one fault, not one per photograph
    complete = {
        path / folder: file
        for folder, file, rows in zip(folders, checks.REQUIRED_FILES, (train, test), strict=True)
        if len(rows)
    }
    annotate = partial(annotations.read_annotations, path, columns)
    return Listing(table, columns, viewpoints, reads - {path / "unlabelled"}, complete, annotate)


def _has_column(path: Path, column: str) -> bool:
    try:
        return column in user_csv.read_user_header(path)
    except UserError:  # a fault already
        return False


def _read_species(path: Path, columns: Columns) -> pd.DataFrame:
    rows = user_csv.collect_rows(path, [columns.image, "species"], [])
    return rows.set_axis(["image", "species"], axis=1).assign(viewpoint="")


def _read_train(path: Path, folder: str, columns: Columns, faults: list[str]) -> pd.DataFrame:
    before = len(faults)
    table = checks.read_csv(path / "train.csv", [columns.image, columns.identity], faults)
    name, identity = table[columns.image], table[columns.identity]
    if len(table) or len(faults) == before:  # otherwise it can't be read
        if table.empty:
            faults.append("train.csv: has no rows")
        faults += checks.check_names("train.csv", name)
        faults += checks.check_identities("train.csv", identity, columns.new_whale)
        faults += checks.check_folder(path / folder, "train.csv", name)
        too_few = identity_names.count_fault(set(identity) - {columns.new_whale})
        faults += [f"train.csv: {too_few}"] if too_few and len(identity) else []
    identity = identity.replace(columns.new_whale, tables.NEW_WHALE)
    return build_rows("train.csv", name, "train", identity).assign(folder=folder)


def _read_sample(path: Path, folder: str, columns: Columns, faults: list[str]) -> pd.DataFrame:
    before = len(faults)
    file = "sample_submission.csv"
    table = checks.read_csv(path / file, [columns.image, columns.answer], faults)
    name = table[columns.image]
    if len(table) or len(faults) == before:
        if table.empty:
            faults.append(f"{file}: has no rows: there is nothing to predict")
        faults += checks.check_names(file, name)
        faults += checks.check_folder(path / folder, file, name)
    return build_rows(file, name, "test", "").assign(folder=folder)


def _list_unlabelled(folder: Path, faults: list[str]) -> pd.DataFrame:
    """List the photographs of an optional folder."""
    names: list[str] = []
    if folder.is_dir():
        listing = photograph_files.list_photographs(folder)
        names = [photograph.name for photograph in listing.photographs]
    wrong = [name for name in names if not photograph_files.is_utf8(name)]
    faults += [
        f"unlabelled/{photograph_files.printable(name)}: its name is no UTF-8: rename it"
        for name in wrong
    ]
    name = pd.Series([name for name in names if name not in wrong], dtype=str)
    rows = build_rows("", name, "unlabelled", "")
    return rows.assign(listed="unlabelled/" + name, folder="unlabelled")


def _find_same_names(table: pd.DataFrame) -> list[str]:
    """Find names that two folders have; those twice in one table are faults of that table."""
    unique = table.drop_duplicates(["image", "folder"])
    several = unique[unique["image"].duplicated(keep=False)]
    folders = {str(name): rows.tolist() for name, rows in several.groupby("image")["folder"]}
    return [
        f"{first}/{name}: {other}/ has an image of the same name"
        for name, (first, *others) in folders.items()
        for other in others
    ]
