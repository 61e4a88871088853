"""The hidden truth, if a competition has one. Only the leaderboard opens it, to score."""

from pathlib import Path

import pandas as pd

from pipeline.data import user_csv
from pipeline.data.tables import NEW_WHALE
from pipeline.params import Columns
from pipeline.system.errors import Faults

USAGES = ("Public", "Private", "Ignored")  # kaggle.com does not score the last


def read_solution(competition: Path, columns: Columns) -> pd.DataFrame | None:
    """Read solution.csv as image, identity, usage (Public or Private); None without that file.

    Raises Faults naming the rows without an identity or a usage, and those listed twice.
    """
    path = competition / "solution.csv"
    if not path.is_file():
        return None
    faults: list[str] = []
    expected = [columns.image, columns.identity, "Usage"]
    table = user_csv.collect_rows(path, expected, faults)
    table.columns = pd.Index(["image", "identity", "usage"])
    faults += find_faults(path.name, table)
    if faults:
        raise Faults(path, faults)
    table = table.reset_index(drop=True)
    return table.assign(identity=table["identity"].replace(columns.new_whale, NEW_WHALE))


def find_faults(name: str, table: pd.DataFrame) -> list[str]:
    """Find rows of the solution that could not score an answer."""
    faults = []
    for row, *cells in table[(table == "").any(axis=1)].itertuples(name=None):
        faults.append(f"{name}, row {row}: has an empty cell: {', '.join(cells)}")
    for row, image in table.loc[table["image"].duplicated(), "image"].items():
        faults.append(f"{name}, row {row}: {image} is listed already")
    for row, usage in table.loc[~table["usage"].isin(USAGES), "usage"].items():
        faults.append(f"{name}, row {row}: Usage {usage!r} is none of {', '.join(USAGES)}")
    return faults
