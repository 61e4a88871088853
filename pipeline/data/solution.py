"""The hidden truth, if a competition has one. Only the leaderboard opens it, to score."""

from pathlib import Path

import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.params import Columns


def read_solution(competition: Path, columns: Columns) -> pd.DataFrame | None:
    """Read solution.csv as image, identity, usage (Public or Private); None without that file.

    Raises ValueError naming the file if its columns are not the competition's and Usage.
    """
    path = competition / "solution.csv"
    if not path.is_file():
        return None
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    expected = [columns.image, columns.identity, "Usage"]
    if list(table.columns) != expected:
        raise ValueError(f"{path}: columns are {list(table.columns)}, expected {expected}")
    table.columns = pd.Index(["image", "identity", "usage"])
    return table.assign(identity=table["identity"].replace(columns.new_whale, NEW_WHALE))
