"""The history of submissions: when each was built, from which parameters, and its scores."""

from collections.abc import Hashable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import tables, user_csv
from pipeline.data.spreadsheet import defuse, restore
from pipeline.evaluation import metrics
from pipeline.system.errors import UserError

CARD = ["map5", "map5_low", "map5_high", "top1", "map5_known", "new_share"]
HIDDEN = ["public", "private", "hidden", "hidden_without_copies"]
# against the ensemble's previous row: the gain with its interval, and the changed parameters
CHANGE = ["difference", "low", "high", "changed"]
KAGGLE = ["kaggle_public", "kaggle_private"]  # kaggle.com's scores
REF = "kaggle_ref"  # kaggle.com's number of the upload
TEXTS = ["ensemble", "changed"]  # all others are numbers, hashes and dates
COLUMNS = [
    "date", "commit", "params", "lock", "csv", "ensemble", "held_out_map5", *CARD[1:], *HIDDEN,
    *CHANGE, "seconds", *KAGGLE, REF,
]  # fmt: skip


def compute_hidden_scores(
    answers: pd.DataFrame, solution: pd.DataFrame | None, duplicates: set[str]
) -> dict[str, float]:
    """MAP@5 by the solution: public, private, all, and without duplicates of labelled images.

    answers : columns image, ranking (a list of labels)
    solution : columns image, identity, usage; None if the competition has no solution
    """
    if solution is None:
        return dict.fromkeys(HIDDEN, np.nan)
    if missing := set(answers["image"]) - set(solution["image"]):
        raise UserError(
            f"the solution has no row of {len(missing)} test images, as {min(missing)}: complete "
            "it, or move it away to build the leaderboard without it"
        )
    table = answers.merge(solution, on="image", validate="one_to_one")
    precision = metrics.precision_at_5(table["identity"].tolist(), table["ranking"].tolist())
    subsets: dict[str, pd.Series] = {
        "public": table["usage"] == "Public",
        "private": table["usage"] == "Private",
        "hidden": table["usage"] != "Ignored",
        "hidden_without_copies": (table["usage"] != "Ignored") & ~table["image"].isin(duplicates),
    }
    return {
        name: round(metrics.mean(precision, subset.to_numpy()), 5)
        for name, subset in subsets.items()
    }


def read(path: Path) -> pd.DataFrame:
    """Read the history as text, in the current columns; empty without a file.

    Raises UserError naming the file and the row if it is damaged.
    """
    if not path.is_file():
        return pd.DataFrame(columns=COLUMNS, dtype=str)
    header = user_csv.read_user_header(path)
    if missing := {"csv", "ensemble"} - set(header):
        raise UserError(f"{path} is no leaderboard: it has no column {', '.join(sorted(missing))}")
    known = [column for column in COLUMNS if column in header]
    past = restore(user_csv.read_user_csv(path, known)).reset_index(drop=True)
    return past.reindex(columns=COLUMNS, fill_value="")


def write(rows: pd.DataFrame, path: Path) -> None:
    """Write the history, safe in a spreadsheet; `read` gives the same texts."""
    tables.write_csv(rows.assign(**defuse(rows[TEXTS])), path)


def build_key(row: Mapping[Hashable, str] | Mapping[str, str]) -> str:
    """The name of the folder that keeps the files behind a row.

    Two ensembles may write the same CSV, and one may write it again with other parameters.
    """
    return f"{row['ensemble']}-{row['csv']}-{row['params']}"


def find_last_keys(past: pd.DataFrame) -> dict[str, str]:
    """The key of every ensemble's last row."""
    rows = past.drop_duplicates("ensemble", keep="last").to_dict("records")
    return {row["ensemble"]: build_key(row) for row in rows}


def find_last_csvs(past: pd.DataFrame) -> dict[str, str]:
    """The CSV (its hash) of every ensemble's last row."""
    last = past.drop_duplicates("ensemble", keep="last")
    return dict(zip(last["ensemble"], last["csv"], strict=True))


def append(rows: pd.DataFrame, path: Path) -> None:
    """Add the rows whose CSV differs from the ensemble's last one; the history only grows."""
    past = read(path)
    new = rows[rows["csv"] != rows["ensemble"].map(find_last_csvs(past))]
    if len(new):
        write(pd.concat([past, new]) if len(past) else new, path)


def record_upload(ensemble: str, csv: str, ref: int, path: Path) -> None:
    """Write kaggle.com's number of an upload into the ensemble's last row of that CSV.

    Raises ValueError if the history has no such row.
    """
    past = read(path)
    rows = past.index[(past["csv"] == csv) & (past["ensemble"] == ensemble)]
    if not len(rows):
        raise ValueError(f"{path} has no row of {ensemble}, {csv}: run tailprint leaderboard first")
    past.loc[rows[-1], REF] = str(ref)
    write(past, path)


def record_scores(ref: int, scores: dict[str, str], path: Path) -> None:
    """Write kaggle.com's scores (KAGGLE) of the upload with that number into its row.

    Raises ValueError if the history has no such row.
    """
    past = read(path)
    rows = past.index[past[REF] == str(ref)]
    if not len(rows):
        raise ValueError(f"{path} has no row that was sent as number {ref}")
    past.loc[rows[-1], KAGGLE] = [scores[key] for key in KAGGLE]
    write(past, path)
