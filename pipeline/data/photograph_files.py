"""Which files of a folder are photographs: one rule for every reader of folders and archives.

Hidden entries and those that operating systems leave behind are none. Nor are links, which could
lead to any file of the machine, and pipes and devices, which would be waited for. What is left out
is counted by kind, so that no photograph vanishes without a word.
"""

import logging
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.data import images, tables, unread_kinds

logger = logging.getLogger(__name__)

RUBBISH = {
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
    *("__macosx", "icon\r", "@eadir", "#recycle", "@recycle", "lost+found"),
}
OF_A_SYSTEM = "hidden, or left behind by an operating system"
LINK = "links, which are not followed: put the files themselves there"
SPECIAL = "neither files nor folders"
FOLDER = "folders, in which no photographs are looked for"
UNLISTED = "in no table"
# of one entry
SINGULAR = {
    LINK: "is a link, which is not followed: put the file itself there",
    SPECIAL: "is neither a file nor a folder",
    FOLDER: "is a folder, not a photograph",
}
EXAMPLES = 3  # names of each kind


@dataclass(frozen=True)
class LeftOut:
    """An entry that is not read, from its folder, and the kind that it is counted as.

    split : of a photograph that a competition's tables list
    """

    path: Path
    kind: str
    split: str = ""


@dataclass(frozen=True)
class Listing:
    """The photographs of a folder, sorted, and the entries that are left out; relative to it."""

    photographs: list[Path]
    left_out: list[LeftOut]


def is_rubbish(name: str) -> bool:
    """Whether an entry is hidden, or left behind by an operating system (`Thumbs.db`)."""
    hidden = name.startswith(".") and name not in (".", "..")
    return hidden or name.lower() in RUBBISH


def list_photographs(folder: Path) -> Listing:
    """List the photographs in a folder; what its sub-folders hold is left out."""
    return _list_entries([Path(name) for name in sorted(os.listdir(folder))], folder)


def list_tree(folder: Path, skip: str = "") -> Listing:
    """List the photographs in a folder and its sub-folders, other than hidden ones.

    skip : the name of a sub-folder that is not looked into

    Raises OSError for a sub-folder that may not be read.
    """
    found, left_out = [], []
    for root, names, files in os.walk(folder, onerror=_raise):
        here = Path(root).relative_to(folder)
        links = {name for name in names if Path(root, name).is_symlink()}
        unread = {name for name in names if is_rubbish(name)} | links
        skipped = {skip} if here == Path() else set()
        unread -= skipped
        names[:] = sorted(set(names) - unread - skipped)  # tells os.walk where to go on
        listing = _list_entries([here / name for name in sorted({*files, *unread})], folder)
        found += listing.photographs
        left_out += listing.left_out
    return Listing(sorted(found), left_out)


def find_kind(path: Path) -> str:
    """The kind that an entry is left out as, or "" for a photograph. Opens no file."""
    if is_rubbish(path.name):
        return OF_A_SYSTEM
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        return LINK if stat.S_ISLNK(mode) else FOLDER if stat.S_ISDIR(mode) else SPECIAL
    if path.suffix.lower() in images.EXTENSIONS:
        return ""
    return f"{path.suffix or 'without an ending'}, not read{unread_kinds.way_out(path)}"


def describe(left_out: Iterable[LeftOut]) -> list[str]:
    """One line per kind: how many, why they are not read, and the first names."""
    paths: dict[str, list[str]] = {}
    for entry in left_out:
        paths.setdefault(entry.kind, []).append(printable(entry.path))
    lines = []
    for kind, names in sorted(paths.items(), key=lambda pair: -len(pair[1])):
        more = ", ..." if len(names) > EXAMPLES else ""
        lines.append(f"{len(names)} {kind} ({', '.join(names[:EXAMPLES])}{more})")
    return lines


def log_left_out(folder: str, left_out: list[LeftOut]) -> None:
    """Say what is left out of a folder, if anything is."""
    if left_out:
        logger.warning("%s: left out are\n  %s", folder, "\n  ".join(describe(left_out)))


def write_left_out(left_out: Iterable[LeftOut], path: Path) -> None:
    """Write every entry that is not read, and why: columns file, reason."""
    tables.write_csv(tabulate(left_out).drop(columns="where"), path)


def tabulate(left_out: Iterable[LeftOut]) -> pd.DataFrame:
    """The table "left_out": every entry that is not read, and why, sorted by its name."""
    rows = sorted((printable(entry.path), entry.split, entry.kind) for entry in left_out)
    return pd.DataFrame(rows, columns=tables.COLUMNS["left_out"])


def printable(path: str | Path) -> str:
    """A path for a message: line breaks, and bytes that are no UTF-8, are escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in Path(path).as_posix()
    )


def is_utf8(name: str) -> bool:
    """Whether a table can hold the name of a file, which may be of any bytes."""
    return not any(0xD800 <= ord(letter) <= 0xDFFF for letter in name)


def _list_entries(paths: list[Path], folder: Path) -> Listing:
    kinds = [find_kind(folder / path) for path in paths]
    pairs = list(zip(paths, kinds, strict=True))
    return Listing(
        [path for path, kind in pairs if not kind],
        [LeftOut(path, kind) for path, kind in pairs if kind],
    )


def _raise(error: OSError) -> None:
    raise error
