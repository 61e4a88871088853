"""A history of submissions: what was scored, when, from which params, and how it did."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import tables
from pipeline.evaluation import metrics

CARD = ["map5", "map5_low", "map5_high", "top1", "map5_known", "new_share"]
HIDDEN = ["public", "private", "hidden", "hidden_without_copies"]
# against the ensemble's row before: the gain with its interval, and the params that changed
CHANGE = ["difference", "low", "high", "changed"]
KAGGLE = ["kaggle_public", "kaggle_private"]  # what kaggle.com said
REF = "kaggle_ref"  # its number of what was sent
COLUMNS = [
    "date", "commit", "params", "lock", "csv", "ensemble", "held_out_map5", *CARD[1:], *HIDDEN,
    *CHANGE, "seconds", *KAGGLE, REF,
]  # fmt: skip


def hidden_scores(
    answers: pd.DataFrame, solution: pd.DataFrame | None, copies: set[str]
) -> dict[str, float]:
    """MAP@5 against the solution: public, private, all, and all but the copies of labelled images.

    answers : columns image, ranking (a list of labels)
    solution : columns image, identity, usage; None where the competition has no solution
    """
    if solution is None:
        return dict.fromkeys(HIDDEN, np.nan)
    table = answers.merge(solution, on="image", validate="one_to_one")
    precision = metrics.precision_at_5(table["identity"], table["ranking"])
    chosen = {
        "public": table["usage"] == "Public",
        "private": table["usage"] == "Private",
        "hidden": np.ones(len(table)),
        "hidden_without_copies": ~table["image"].isin(copies),
    }
    return {name: round(metrics.mean(precision, weights), 5) for name, weights in chosen.items()}


def read(path: Path) -> pd.DataFrame:
    """The history as text, in today's columns; empty where there is none."""
    if not path.is_file():
        return pd.DataFrame(columns=COLUMNS, dtype=str)
    past = pd.read_csv(path, dtype=str, keep_default_na=False)
    return past.reindex(columns=COLUMNS, fill_value="")


def key(row: Mapping[str, str]) -> str:
    """What a row's makings are kept under: two ensembles may give the same CSV, and one may give
    it again by other params.
    """
    return f"{row['ensemble']}-{row['csv']}-{row['params']}"


def last_keys(past: pd.DataFrame) -> dict[str, str]:
    """By ensemble, the `key` of its last row."""
    rows = past.drop_duplicates("ensemble", keep="last").to_dict("records")
    return {row["ensemble"]: key(row) for row in rows}


def last(past: pd.DataFrame) -> dict[str, str]:
    """By ensemble, the CSV of its last row."""
    return dict(past.drop_duplicates("ensemble", keep="last")[["ensemble", "csv"]].to_numpy())


def append(rows: pd.DataFrame, path: Path) -> None:
    """Add the rows whose CSV differs from the ensemble's last one; the history only grows."""
    past = read(path)
    new = rows[rows["csv"] != rows["ensemble"].map(last(past))]
    if len(new):
        tables.write_csv(pd.concat([past, new]) if len(past) else new, path)


def sent(ensemble: str, csv: str, ref: int, path: Path) -> None:
    """Write kaggle.com's number of what was sent into the ensemble's last row of that CSV.

    Raises ValueError where the history has no such row.
    """
    past = read(path)
    rows = past.index[(past["csv"] == csv) & (past["ensemble"] == ensemble)]
    if not len(rows):
        raise ValueError(
            f"{path} has no row of {ensemble}, {csv}: run python -m commands.leaderboard first"
        )
    past.loc[rows[-1], REF] = str(ref)
    tables.write_csv(past, path)


def scored(ref: int, scores: dict[str, str], path: Path) -> None:
    """Write what kaggle.com said (keys KAGGLE) of what it knows by that number into its row.

    Raises ValueError where the history has no such row.
    """
    past = read(path)
    rows = past.index[past[REF] == str(ref)]
    if not len(rows):
        raise ValueError(f"{path} has no row that was sent as number {ref}")
    past.loc[rows[-1], KAGGLE] = [scores[key] for key in KAGGLE]
    tables.write_csv(past, path)
