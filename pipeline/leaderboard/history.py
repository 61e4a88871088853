"""The history of submissions: when each was built, from which parameters, and its scores."""

from collections.abc import Hashable, Mapping
from hashlib import sha256
from pathlib import Path

import pandas as pd

from pipeline.data import tables, user_csv
from pipeline.data.spreadsheet import defuse, restore
from pipeline.system.errors import UserError

CARD = ["map5", "map5_low", "map5_high", "top1", "map5_known", "new_share"]
HIDDEN = ["public", "private", "hidden", "hidden_without_copies"]
# what the format of the answers is scored by, which the hidden scores are; "" for rows before it
OWN = ["measure", "held_out", "held_out_low", "held_out_high"]
# against the ensemble's previous row: the gain with its interval, and the changed parameters
CHANGE = ["difference", "low", "high", "changed"]
KAGGLE = ["kaggle_public", "kaggle_private"]  # kaggle.com's scores
REF = "kaggle_ref"  # kaggle.com's number of the upload
TEXTS = ["ensemble", "changed", "measure"]  # all others are numbers, hashes and dates
COLUMNS = [
    "date", "commit", "params", "lock", "csv", "ensemble", "held_out_map5", *CARD[1:], *HIDDEN,
    *CHANGE, "seconds", *KAGGLE, REF, *OWN,
]  # fmt: skip


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


def digest(path: Path) -> str:
    """The first ten digits of a file's SHA-256, by which the history knows it."""
    return sha256(path.read_bytes()).hexdigest()[:10]


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
