"""The hidden truth, if a competition has one. Only the leaderboard opens it, to score."""

from pathlib import Path

import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.params import Columns


def read_solution(competition: Path, columns: Columns) -> pd.DataFrame | None:
    """solution.csv as image, identity, usage (Public or Private); None where there is none."""
    path = competition / "solution.csv"
    if not path.is_file():
        return None
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    wanted = [columns.image, columns.identity, "Usage"]
    if list(table.columns) != wanted:
        raise ValueError(f"{path}: columns are {list(table.columns)}, expected {wanted}")
    table.columns = ["image", "identity", "usage"]
    return table.assign(identity=table["identity"].replace(columns.new_whale, NEW_WHALE))
