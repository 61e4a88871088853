"""The record of review decisions on pairs of photographs: data/review.csv, which only grows."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from filelock import FileLock

from pipeline.data import tables, user_csv
from pipeline.system.errors import Faults

COLUMNS = tables.COLUMNS["review"]


def append_decision(
    row: dict[str, str], path: Path, lock: Path, check: Callable[[pd.DataFrame], None]
) -> None:
    """Append one decision (keys COLUMNS); it is on the disk when this returns.

    lock : a file that every writer locks, so that lines do not mix
    check : called with all decisions including the new one, under the lock; raises ValueError if
        it must not be written

    An incomplete line at the end, which a crash left, is removed first.
    """
    line = io.StringIO()
    csv.DictWriter(line, COLUMNS, lineterminator="\n").writerow(row)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        before = read_decisions(path)
        added = pd.DataFrame([row], index=[before.index.max() + 1 if len(before) else 0])
        check(pd.concat([before, added]))
        if not is_plain(path.read_bytes()):  # a spreadsheet has saved it in its own way
            tables.write("review", before, path)
        _append_line(line.getvalue(), path)


def _append_line(line: str, path: Path) -> None:
    with path.open("r+b") as file:
        past = drop_incomplete_line(file.read())
        file.truncate(len(past))
        file.seek(0, os.SEEK_END)
        newline = b"" if past.endswith(b"\n") else b"\n"
        file.write(newline + line.encode())
        file.flush()
        os.fsync(file.fileno())


def is_plain(data: bytes) -> bool:
    """Whether the file is UTF-8 with commas, as it is written here."""
    return data.splitlines()[:1] == [",".join(COLUMNS).encode()]


def drop_incomplete_line(data: bytes) -> bytes:
    """Drop an incomplete line at the file's end.

    A line with all columns is complete: an editor may have left out the newline.
    """
    if not is_plain(data):
        return data
    end = data.rfind(b"\n") + 1
    cells = next(csv.reader([data[end:].decode(errors="replace")]), [])
    return data if len(cells) >= len(COLUMNS) else data[:end]


def read_decisions(path: Path) -> pd.DataFrame:
    """Read all decisions, in the order in which they were made, without an incomplete line.

    index + 2 is the row in the file. Raises Faults.
    """
    faults: list[str] = []
    data = drop_incomplete_line(user_csv.read_bytes(path))
    table = user_csv.parse_rows(path.name, data, COLUMNS, faults)
    if faults:
        raise Faults(path, faults)
    return table.set_axis(table.index - 2)
