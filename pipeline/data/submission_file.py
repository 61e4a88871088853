"""The predictions of a submission, read from its CSV."""

from pathlib import Path

import pandas as pd

from pipeline.data import user_csv
from pipeline.data.tables import NEW_WHALE
from pipeline.system.errors import UserError


def read_submission(path: Path, new: str) -> pd.DataFrame:
    """Read the columns image and ranking (a list of labels, best first).

    new : the label of a new individual in the file, which becomes NEW_WHALE

    Raises UserError naming the file if it is none, or lists an image twice.
    """
    header = user_csv.read_user_header(path)
    if len(header) != 2 or header[0] == header[1]:
        raise UserError(
            f"{path}: columns are {', '.join(header)}; expected the image and its labels"
        )
    table = user_csv.read_user_csv(path, header).reset_index(drop=True)
    table.columns = pd.Index(["image", "ranking"])
    if table["image"].duplicated().any():
        twice = table.loc[table["image"].duplicated(), "image"].iloc[0]
        raise UserError(f"{path}: {twice} is listed twice")
    lists = table["ranking"].str.split(" ")
    renamed = lists.map(lambda labels: [NEW_WHALE if label == new else label for label in labels])
    return table.assign(ranking=renamed)


def read_photographs(path: Path) -> pd.DataFrame:
    """Read a submission of photographs: columns query, photograph and score.

    Raises UserError naming the file if it is none.
    """
    columns = ["query_id", "database_image_id", "score"]
    table = user_csv.read_user_csv(path, columns).reset_index(drop=True)
    return table.set_axis(["query", "photograph", "score"], axis=1).astype({"score": float})
