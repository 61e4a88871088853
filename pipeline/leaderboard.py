"""A history of submissions: what was scored, when, from which params, and how it did."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import metrics, tables

CARD = ["map5", "map5_low", "map5_high", "top1", "map5_known", "new_share"]
HIDDEN = ["public", "private", "hidden", "hidden_without_copies"]
COLUMNS = [
    "date", "commit", "params", "csv", "ensemble", "held_out_map5", *CARD[1:], *HIDDEN,
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


def append(rows: pd.DataFrame, path: Path) -> None:
    """Add the rows whose CSV differs from the ensemble's last one; the history only grows."""
    past = pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else None
    if past is None:
        tables.write_csv(rows, path)
        return
    last = past.drop_duplicates("ensemble", keep="last").set_index("ensemble")["csv"]
    new = rows[rows["csv"] != rows["ensemble"].map(last)]
    if len(new):
        tables.write_csv(pd.concat([past, new], ignore_index=True), path)
