"""The record of review decisions on pairs of photographs: data/review.csv, which only grows."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from filelock import FileLock

from pipeline.data import tables, user_csv
from pipeline.data.spreadsheet import defuse_cell, restore
from pipeline.system.errors import Faults

COLUMNS = tables.COLUMNS["review"]


def lock(path: Path) -> FileLock:
    """The lock that every writer of the record holds, so that lines do not mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def append_decisions(rows: Sequence[dict[str, str]], path: Path) -> None:
    """Append decisions (keys COLUMNS); they are on the disk when this returns.

    The caller holds the lock. An incomplete line at the end, which a crash left, is removed first.
    If the disk is full, nothing is added.
    """
    if not is_plain(path.read_bytes()):  # a spreadsheet has saved it in its own way
        tables.write("review", read_decisions(path), path)
    lines = io.StringIO()
    writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    writer.writerows({key: defuse_cell(row[key]) for key in COLUMNS} for row in rows)
    with path.open("r+b", buffering=0) as file:
        past = drop_incomplete_line(file.read())
        newline = b"" if past.endswith(b"\n") else b"\n"
        file.truncate(len(past))
        try:
            _write_all(file, newline + lines.getvalue().encode())
        except OSError:
            file.truncate(len(past))
            raise


def _write_all(file: io.FileIO, data: bytes) -> None:
    file.seek(0, os.SEEK_END)
    while data:
        data = data[file.write(data) :]
    os.fsync(file.fileno())


def is_plain(data: bytes) -> bool:
    """Whether the file is UTF-8 with commas, as it is written here."""
    return data.partition(b"\n")[0].rstrip(b"\r") == ",".join(COLUMNS).encode()


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
    return restore(table).set_axis(table.index - 2)
