"""What a submission says, read from its CSV."""

from pathlib import Path

import pandas as pd

from pipeline.data.tables import NEW_WHALE


def read(submission: Path, new: str) -> pd.DataFrame:
    """Columns image, ranking (a list of labels); `new` is what the file calls a new individual."""
    table = pd.read_csv(submission, dtype=str, keep_default_na=False)
    table.columns = ["image", "ranking"]
    lists = table["ranking"].str.split(" ")
    named = lists.map(lambda own: [NEW_WHALE if one == new else one for one in own])
    return table.assign(ranking=named)
