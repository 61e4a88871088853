"""The best submission of every ensemble, and how its held-out score changed."""

import pandas as pd


def held_out_scores(past: pd.DataFrame) -> pd.Series:
    """The held-out score of every row of the history, by what it is scored by; NaN if unknown."""
    own = ~past["measure"].isin(["", "map5"])
    return pd.to_numeric(past["held_out"].where(own, past["held_out_map5"]), errors="coerce")


def find_best(past: pd.DataFrame) -> pd.DataFrame:
    """The row with the highest held-out score of each ensemble, the best ensemble first.

    Among those that have the measure of the ensemble's last row: MAP@5 and BAKS don't compare. Of
    equal scores the later one.
    """
    measures = past["measure"].replace("", "map5")
    rows = past[measures == measures.groupby(past["ensemble"]).transform("last")]
    rows = rows.assign(score=held_out_scores(rows)).dropna(subset="score").iloc[::-1]
    rows = rows.sort_values("score", ascending=False, kind="stable")
    return rows.drop_duplicates("ensemble").drop(columns="score")
