"""How time and memory grow with the number of photographs: all stages, and large galleries."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.scale import table
from benchmarks.scale.galleries import measure_galleries
from benchmarks.scale.stages import ROOT, measure_stages
from benchmarks.scale.table import Row
from pipeline.system import git

PATH = ROOT / "benchmarks/bench/scale.csv"
GALLERIES = (10_000, 100_000, 1_000_000)


def measure(
    folder: Path, sizes: Sequence[int], galleries: Sequence[int] = GALLERIES, path: Path = PATH
) -> pd.DataFrame:
    """Measure the stages at some sizes, and the galleries; returns the table, which is kept as CSV.

    Rows that the file has of this commit are not measured again: an interruption costs one row.

    folder : of the projects
    """
    for size in sizes:
        keep(path, size, partial(measure_stages, folder, size))
    for size in galleries:
        keep(path, size, partial(measure_galleries, size))
    return table.read(path)


def keep(path: Path, size: int, measure_rest: Callable[[set[str]], Iterator[Row]]) -> None:
    """Add to the file what is measured of a size, row by row, besides what it has."""
    commit = git.current_commit(ROOT)
    old = table.read(path)
    own = old[(old["size"] == size) & (old["commit"] == commit)]
    for row in measure_rest(set(own["row"])):
        table.add(path, row, commit)
        print(f"{size:,}: {row.row} {row.seconds:.1f} s, {row.peak / 2**20:.0f} MB", flush=True)
