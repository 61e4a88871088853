"""A competition's directory: every file in it read and checked, nothing in it changed."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import pandas as pd
from tqdm import tqdm

from pipeline.data import images, tables
from pipeline.params import Columns
from pipeline.steps.competition import checks
from pipeline.steps.competition.faults import Faults
from pipeline.system import machine


def read(path: Path, columns: Columns) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The tables "images" and "viewpoints" of a competition directory; between them the sample (one
    column, `image`).

    Training images come first, in the order of train.csv, then the test images in the order of
    the sample, then what lies in unlabelled/, by name: photographs that nobody named and that the
    submission isn't asked about. Raises Faults with everything that is wrong, not with the first
    thing.
    """
    if not path.is_dir():
        raise Faults(path, ["no such folder (competition.path in params.yaml names it)"])
    found: list[str] = []
    train = _train(path, columns, found)
    test = _test(path, columns, found)
    table = pd.concat([train, test, _unlabelled(path / "unlabelled")], ignore_index=True)
    found += _same_names(table)
    table["path"] = [
        (path / split / name).as_posix() if checks.is_file_name(name) else ""
        for split, name in zip(table["split"], table["image"], strict=True)
    ]
    table = _measured(table, found)
    _check_masks(path / "masks", table, found)
    _check_boxes(path / "boxes.csv", table, columns, found)
    sides = _sides(path / "viewpoints.csv", set(table["image"]), columns, found)
    if found:
        raise Faults(path, found)
    return table[tables.COLUMNS["images"]], test[["image"]], sides


def _train(path: Path, columns: Columns, found: list[str]) -> pd.DataFrame:
    before = len(found)
    raw = checks.read_csv(path / "train.csv", [columns.image, columns.identity], found)
    name, identity = raw[columns.image], raw[columns.identity]
    if len(found) == before:
        if raw.empty:
            found.append("train.csv: has no rows")
        found += checks.names("train.csv", name)
        found += checks.identities("train.csv", identity, columns.new_whale)
        found += checks.folder(path / "train", "train.csv", name)
    identity = identity.replace(columns.new_whale, tables.NEW_WHALE)
    return _rows("train.csv", name, "train", identity)


def _test(path: Path, columns: Columns, found: list[str]) -> pd.DataFrame:
    before = len(found)
    file = "sample_submission.csv"
    raw = checks.read_csv(path / file, [columns.image, columns.answer], found)
    name = raw[columns.image]
    if len(found) == before:
        if raw.empty:
            found.append(f"{file}: has no rows: there is nothing to answer")
        found += checks.names(file, name)
        found += checks.folder(path / "test", file, name)
    return _rows(file, name, "test", "")


def _unlabelled(folder: Path) -> pd.DataFrame:
    """The photographs of a folder that may not be there."""
    there = (entry.name for entry in folder.iterdir()) if folder.is_dir() else ()
    name = pd.Series(sorted(checks.photographs(there)), dtype=str)
    return _rows("", name, "unlabelled", "").assign(listed="unlabelled/" + name)


def _same_names(table: pd.DataFrame) -> list[str]:
    """Names that two folders have; one folder's own twice are told with its CSV's row."""
    folders = table.drop_duplicates(["image", "split"]).groupby("image")["split"].agg(list)
    return [
        f"{first}/{name}: {second}/ has an image of the same name"
        for name, (first, *others) in folders[folders.str.len() > 1].items()
        for second in others
    ]


def _rows(file: str, name: pd.Series, split: str, identity: pd.Series | str) -> pd.DataFrame:
    """`listed` says for a fault's message where the image is named."""
    listed = [f"{file}, row {row}" for row in name.index]
    return pd.DataFrame({"image": name, "split": split, "identity": identity, "listed": listed})


def _measured(table: pd.DataFrame, found: list[str]) -> pd.DataFrame:
    """The rows with width, height, bytes and sha256; 0 and "" for images that can't be read.

    Every image is decoded once, which is the one sure sign that training will be able to.
    """
    results = _in_threads(_measure, list(table["path"]), "photographs")
    for listed, result in zip(table["listed"], results, strict=True):
        found += [f"{listed}: {result}"] if isinstance(result, str) and result else []
    rows = [(0, 0, 0, "") if isinstance(result, str) else result for result in results]
    measures = pd.DataFrame(rows, columns=["width", "height", "bytes", "sha256"], index=table.index)
    return pd.concat([table, measures], axis=1)


def _measure(path: str) -> tuple[int, int, int, str] | str:
    """Width, height, bytes and sha256; or the fault ("" for a file that is known to be missing
    or that was refused for its name).
    """
    if not os.path.exists(path):
        return ""
    try:
        data = images.contents(path)
        height, width = images.decode(data, path).shape[:2]
    except ValueError as error:
        return str(error)
    return width, height, len(data), images.sha256(data)


def _check_masks(folder: Path, table: pd.DataFrame, found: list[str]) -> None:
    """Masks of no image or two, of another size than their image, or not 8-bit PNG."""
    sizes: dict[str, list[tuple[int, int]]] = {}
    for name, width, height in zip(table["image"], table["width"], table["height"], strict=True):
        sizes.setdefault(Path(name).stem, []).append((width, height))
    masks = sorted(folder.iterdir()) if folder.is_dir() else []
    masks = [mask for mask in masks if not mask.name.startswith(".")]
    found += filter(None, _in_threads(lambda mask: _mask_fault(mask, sizes), masks, "masks"))


def _mask_fault(mask: Path, sizes: dict[str, list[tuple[int, int]]]) -> str:
    owners = sizes.get(mask.stem, [])
    if mask.suffix != ".png":
        return f"masks/{mask.name}: a mask is a PNG file"
    if len(owners) != 1:
        return f"masks/{mask.name}: {len(owners)} images are called {mask.stem}, one has to be"
    try:
        pixels = images.decode(images.contents(mask), mask, cv2.IMREAD_UNCHANGED)
    except ValueError as error:
        return str(error)
    height, width = pixels.shape[:2]
    if str(pixels.dtype) != "uint8":
        return f"masks/{mask.name}: {pixels.dtype}, a mask has 8 bits a pixel"
    if owners[0] not in [(width, height), (0, 0)]:
        return (
            f"masks/{mask.name}: {width} x {height}, its image is {owners[0][0]} x {owners[0][1]}"
        )
    return ""


def _check_boxes(path: Path, table: pd.DataFrame, columns: Columns, found: list[str]) -> None:
    if path.exists():
        rows = checks.read_csv(path, [columns.image, *checks.BOX], found)
        readable = table[table["width"] > 0]
        sizes = zip(readable["width"], readable["height"], strict=True)
        sizes = dict(zip(readable["image"], sizes, strict=True))
        found += checks.boxes(rows, sizes, set(table["image"]))


def _sides(path: Path, known: set[str], columns: Columns, found: list[str]) -> pd.DataFrame:
    """The table "viewpoints", empty without viewpoints.csv; an empty viewpoint is unknown."""
    rows = pd.DataFrame(columns=[columns.image, "viewpoint"], dtype=str)
    if path.exists():
        rows = checks.read_csv(path, list(rows.columns), found)
        found += checks.sides(rows, known)
    return rows[rows["viewpoint"] != ""].set_axis(["image", "viewpoint"], axis=1)


def _in_threads(function: Callable, items: list, what: str) -> list:
    """The results in order; OpenCV lets go of the GIL while it decodes."""
    with ThreadPoolExecutor(machine.cores()) as pool:
        return list(tqdm(pool.map(function, items), what, len(items), disable=None))
