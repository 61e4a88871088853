"""Animals with names that another program's file lists, and their photographs here."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.data import importing, photograph_files
from pipeline.data.path_parts import Parts, longest_tails, split_path
from pipeline.exchange.boxes import FoundBox
from pipeline.system.errors import Faults, UserError

logger = logging.getLogger(__name__)

NOT_NAMED = {"", "____", "nan", "none", "null", "unknown", "unidentified", "unassigned"}


@dataclass(frozen=True)
class Listed:
    """An animal on a photograph, as it is listed.

    file : as the file names it; name : of the individual; row : in the file, or the place in a list
    box : None for the whole photograph; date, viewpoint : "" if they are not known
    """

    file: str
    name: str
    row: int
    box: FoundBox | None = None
    date: str = ""
    viewpoint: str = ""


def select_named(source: str, column: str, listed: Sequence[Listed]) -> list[Listed]:
    """The animals with a name. Raises UserError if none has one.

    source, column : the file, and its column of names, for messages
    """
    named = [one for one in listed if one.name.strip().casefold() not in NOT_NAMED]
    if not named:
        raise UserError(
            f"{source}: {column} names no individual in any of its {len(listed)} rows: fill it in "
            "where the animal is known, or name a folder with one folder per individual"
        )
    if len(named) < len(listed):
        logger.warning(
            "%s: %d of %d rows name no individual (%s), and are left out",
            *(source, len(listed) - len(named), len(listed), column),
        )
    return named


def locate(source: str, listed: Sequence[Listed], root: Path) -> pd.DataFrame:
    """The photographs of listed animals: columns path, name, box, date, viewpoint, by row.

    root : the folder that they are in

    Paths of another machine are found by the end that they share with a file in `root`. Raises
    Faults with all that are not there, or may be several files.
    """
    faults: list[str] = []
    rows: dict[str, int] = {}
    for one in listed:
        rows.setdefault(one.file, one.row)
    files = find_files(rows, root, faults)
    if faults:
        raise Faults(source, faults, "--root names the folder that the photographs are in")
    cells = [(files[one.file], one.name, one.box, one.date, one.viewpoint) for one in listed]
    columns = ["path", "name", "box", "date", "viewpoint"]
    index = pd.Index([one.row for one in listed], dtype=int)
    table = pd.DataFrame(cells, columns=columns, index=index, dtype=object)
    return table[~table.assign(box=table["box"].map(repr)).duplicated()]


def find_paths(root: Path, names: Sequence[str]) -> list[Path]:
    """The file of each name; `root / name` of one that is not there, or may be several files."""
    found = find_files(dict.fromkeys(names, 0), root, [])
    return [found.get(name, importing.find_path(root, name)) for name in names]


def find_files(rows: Mapping[str, int], root: Path, faults: list[str]) -> dict[str, Path]:
    """The file of each name (with its first row, for messages)."""
    direct = {name: importing.find_path(root, name) for name in rows if name.strip()}
    found = {name: path for name, path in direct.items() if path.is_file()}
    elsewhere = [name for name in rows if name not in found]
    by_last = index_files(root) if elsewhere else {}
    for name in elsewhere:
        candidates = longest_tails(name, by_last) if name.strip() else []
        if len(candidates) == 1:
            found[name] = root / candidates[0]
        elif not name.strip():
            faults.append(f"row {rows[name]}: the cell of the file is empty")
        elif candidates:
            a, b = sorted(path.as_posix() for path in candidates)[:2]
            count = "two files," if len(candidates) == 2 else f"{len(candidates)} files, such as"
            faults.append(f"row {rows[name]}: {name} matches {count} {a} and {b}")
        else:
            faults.append(f"row {rows[name]}: {name} is not in {root}")
    check_apart(found, rows, faults)
    return found


def index_files(root: Path) -> dict[str, list[tuple[Parts, Path]]]:
    """The photographs of a folder, by their file names."""
    by_last: dict[str, list[tuple[Parts, Path]]] = defaultdict(list)
    for path in photograph_files.list_tree(root).photographs:
        parts = split_path(path.as_posix())
        by_last[parts[-1]].append((parts, path))
    return by_last


def check_apart(found: Mapping[str, Path], rows: Mapping[str, int], faults: list[str]) -> None:
    """Find different names that would be one file: only their last parts are alike."""
    names: dict[Path, list[str]] = defaultdict(list)
    for name, path in found.items():
        names[path].append(name)
    for path, several in names.items():
        whole = {split_path(name) for name in several}
        if len(whole) > 1 and not all_tails(whole):
            a, b = several[:2]
            faults.append(f"rows {rows[a]} and {rows[b]}: {a} and {b} both match {path}")


def all_tails(paths: Iterable[Parts]) -> bool:
    """Whether each path is the end of the longest one."""
    longest = max(paths, key=len)
    return all(longest[-len(parts) :] == parts for parts in paths)


def find_column(header: Sequence[str], words: Iterable[str]) -> str:
    """The column that one of the usual words names, in their order; "" without one."""
    by_word = {name.casefold(): name for name in reversed(header)}
    return next((by_word[word] for word in words if word in by_word), "")
