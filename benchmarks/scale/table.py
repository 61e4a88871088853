"""The table of what grows with the number of photographs, on the terminal and as a CSV file."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.bench.table import describe_machine, describe_versions
from pipeline.data import tables

COLUMNS = ["row", "size", "seconds", "cpu", "megabytes", "found", "commit", "machine", "versions"]
KEYS = ["row", "size"]
MEASURES = {"seconds": "seconds", "cpu": "CPU", "megabytes": "memory"}


@dataclass(frozen=True)
class Row:
    """What a process used for `size` photographs: seconds, of all cores too, and bytes.

    found : the fraction of the true neighbours that a search found; missing for other rows
    """

    row: str
    size: int
    seconds: float
    cpu: float
    peak: int
    found: float = math.nan


def read(path: Path) -> pd.DataFrame:
    """The rows of a table; none if there is no such file."""
    return pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=COLUMNS)


def add(path: Path, row: Row, commit: str) -> None:
    """Add a row to the file, in place of an older one of the same name and size."""
    values: dict[str, Any] = asdict(row)
    values["megabytes"] = round(values.pop("peak") / 2**20)
    values |= {name: float(f"{values[name]:.3g}") for name in ("seconds", "cpu", "found")}
    values |= {"commit": commit, "machine": describe_machine(), "versions": describe_versions()}
    old = read(path)
    others = old[(old["row"] != row.row) | (old["size"] != row.size)]
    new = pd.DataFrame([values])
    rows = pd.concat([others, new], ignore_index=True) if len(others) else new
    tables.write_csv(rows.reindex(columns=COLUMNS), path)


def render(rows: pd.DataFrame) -> str:
    """Seconds, CPU and memory of each row by size, and how they grow, as text."""
    lines = []
    for name, own in rows.groupby("row", sort=False):
        own = own.sort_values("size")
        lines.append(f"{name}")
        lines += [
            f"  {size:>9,}  {seconds:>9,.1f} s  {cpu:>9,.1f} s of CPU  {megabytes:>7,} MB"
            + ("" if math.isnan(found) else f"  {found:.3f} found")
            for size, seconds, cpu, megabytes, found in own[
                ["size", "seconds", "cpu", "megabytes", "found"]
            ].itertuples(index=False)
        ]
        if len(own) > 1:
            grows = (
                f"{word} {fit_exponent(own['size'], own[column]):.2f}"
                for column, word in MEASURES.items()
            )
            lines.append(f"  exponents: {', '.join(grows)}")
    return "\n".join(lines)


def fit_exponent(sizes: Sequence[float] | pd.Series, values: Sequence[float] | pd.Series) -> float:
    """The b of value = a x size^b by least squares on logarithms: 1 is in proportion.

    Raises ValueError unless there are two sizes or more.
    """
    if len(set(sizes)) < 2:
        raise ValueError("growth needs two sizes or more")
    slope, _ = np.polyfit(np.log(np.asarray(sizes, float)), np.log(np.asarray(values, float)), 1)
    return float(slope)
