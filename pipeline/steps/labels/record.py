"""Write down what people decide about pairs of photographs: data/review.csv, which only grows."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from filelock import FileLock

from pipeline.data import tables

COLUMNS = tables.COLUMNS["review"]


def add(row: dict[str, str], path: Path, lock: Path, check: Callable[[pd.DataFrame], None]) -> None:
    """Append one decision (keys COLUMNS) for good: it is on the disk when this returns.

    `lock` is a file that whoever writes holds, so that no two lines mix. `check` is given all
    decisions with the new one, and raises ValueError where it must not be written; nobody else
    writes meanwhile. What a crash left of a line is taken away first.
    """
    line = io.StringIO()
    csv.DictWriter(line, COLUMNS, lineterminator="\n").writerow(row)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock), path.open("r+b") as file:
        past = whole(file.read())
        before = tables.parsed("review", io.StringIO(past.decode()), str(path))
        check(pd.concat([before, pd.DataFrame([row])], ignore_index=True))
        file.truncate(len(past))
        file.seek(0, os.SEEK_END)
        between = b"" if past.endswith(b"\n") else b"\n"
        file.write(between + line.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())


def whole(data: bytes) -> bytes:
    """The file without half a line at its end. A line that has all columns is whole: an editor may
    have left out its end.
    """
    end = data.rfind(b"\n") + 1
    cells = next(csv.reader([data[end:].decode(errors="replace")]), [])
    return data if len(cells) == len(COLUMNS) else data[:end]


def read(path: Path) -> pd.DataFrame:
    """All decisions, in the order in which they were made; half a line at the end is none."""
    text = whole(path.read_bytes()).decode()
    return tables.parsed("review", io.StringIO(text), str(path))
