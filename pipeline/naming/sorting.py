"""Copies of the new photographs, one folder per answer."""

import logging
import shutil
import unicodedata
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from pipeline.data import tables
from pipeline.naming.answers import NEW, UNSURE, Answer
from pipeline.params.values import DEVICES

logger = logging.getLogger(__name__)

FOLDER = "sorted"
NEW_FOLDER, UNSURE_FOLDER = "(new)", "(unsure)"
FORBIDDEN = '<>:"/\\|?*'  # in names of folders, on some system
MAX_BYTES = 200  # of a folder's name: file systems take 255


def sort_photographs(
    answers: Mapping[str, Answer], files: Mapping[str, Path], out: Path, record: Path
) -> dict[str, str]:
    """Copy every photograph into a folder of its answer; returns the folder of each.

    answers, files : by photograph, as it is listed
    record : the file that remembers the copies, which the next run removes

    The folders are `name`, `(new)/1` for unknown individual 1, and `(unsure)`. Of a name that no
    folder can have, or that differs from another only in case, the folder's name differs, with a
    warning.
    """
    remove_old(out / FOLDER, record)
    folders = make_folder_names(answer.names[0] for answer in answers.values() if answer.names)
    taken = {fold(name) for name in list_files(out / FOLDER)}  # which people have put there
    placed = {
        photograph: find_free(choose_folder(answer, folders), files[photograph].name, taken)
        for photograph, answer in answers.items()
    }
    # before the copies, so that those of an interrupted run are removed, too
    tables.write_json({"copies": sorted(placed.values())}, record)
    for photograph, name in placed.items():
        tables.replace(out / FOLDER / name, partial(shutil.copyfile, files[photograph]))
    return placed


def list_files(folder: Path) -> list[str]:
    """The paths of all files in a folder, from there."""
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def choose_folder(answer: Answer, folders: Mapping[str, str]) -> str:
    """The folder of an answer, by the folders of names."""
    if answer.result == UNSURE:
        return UNSURE_FOLDER
    return f"{NEW_FOLDER}/{answer.group}" if answer.result == NEW else folders[answer.names[0]]


def remove_old(folder: Path, record: Path) -> None:
    """Remove the copies of the run before; what else is in the folder stays."""
    if not record.is_file():
        return
    for name in tables.read_json(record)["copies"]:
        path = folder / name
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()


def make_folder_names(names: Iterable[str]) -> dict[str, str]:
    """A folder's name for each individual, in order; no two are the same on any system."""
    folders: dict[str, str] = {}
    taken = {fold(NEW_FOLDER), fold(UNSURE_FOLDER)}
    for name in sorted(set(names)):
        wanted = to_valid(name)
        folder, number = wanted, 2
        while fold(folder) in taken:
            folder, number = f"{wanted} ({number})", number + 1
        taken.add(fold(folder))
        folders[name] = folder
        if folder != name:
            logger.warning("the copies of %s are in the folder %s", name, folder)
    return folders


def to_valid(name: str) -> str:
    """The name, with `_` for what a folder's name can't have on some system."""
    text = "".join("_" if letter in FORBIDDEN or ord(letter) < 32 else letter for letter in name)
    text = text.encode()[:MAX_BYTES].decode(errors="ignore")
    stripped = text.strip().rstrip(". ")
    if stripped.partition(".")[0].casefold() in DEVICES or stripped.startswith("."):
        stripped = f"_{stripped}"
    return stripped or "_"


def fold(name: str) -> str:
    """What file systems that ignore case and spelling take for the same name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def find_free(folder: str, name: str, taken: set[str]) -> str:
    """The path for a file in a folder, with a number if another one has the name."""
    path, number = f"{folder}/{name}", 2
    while fold(path) in taken:
        path = f"{folder}/{Path(name).stem} ({number}){Path(name).suffix}"
        number += 1
    taken.add(fold(path))
    return path
