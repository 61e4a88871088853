"""The predictions of a submission, read from its CSV."""

from pathlib import Path

import pandas as pd

from pipeline.data.tables import NEW_WHALE


def read_submission(path: Path, new: str) -> pd.DataFrame:
    """Read the columns image and ranking (a list of labels, best first).

    new : the label of a new individual in the file, which becomes NEW_WHALE
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.columns = pd.Index(["image", "ranking"])
    lists = table["ranking"].str.split(" ")
    renamed = lists.map(lambda labels: [NEW_WHALE if label == new else label for label in labels])
    return table.assign(ranking=renamed)
