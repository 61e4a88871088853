"""The record of review decisions on pairs of photographs: data/review.csv, which only grows."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from filelock import FileLock

from pipeline.data import tables

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
    with FileLock(lock), path.open("r+b") as file:
        past = drop_incomplete_line(file.read())
        before = tables.parse("review", io.StringIO(past.decode()), str(path))
        check(pd.concat([before, pd.DataFrame([row])], ignore_index=True))
        file.truncate(len(past))
        file.seek(0, os.SEEK_END)
        newline = b"" if past.endswith(b"\n") else b"\n"
        file.write(newline + line.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())


def drop_incomplete_line(data: bytes) -> bytes:
    """Drop an incomplete line at the file's end.

    A line with all columns is complete: an editor may have left out the newline.
    """
    end = data.rfind(b"\n") + 1
    cells = next(csv.reader([data[end:].decode(errors="replace")]), [])
    return data if len(cells) == len(COLUMNS) else data[:end]


def read_decisions(path: Path) -> pd.DataFrame:
    """Read all decisions, in the order in which they were made, without an incomplete line."""
    text = drop_incomplete_line(path.read_bytes()).decode()
    return tables.parse("review", io.StringIO(text), str(path))
