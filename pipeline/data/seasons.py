"""Seasons: the labelled photographs by their dates, the last season first.

Season 0 is the last one. It begins with the latest of the first days that the user gives; the
highest number is that of what was photographed before all of them.
"""

import datetime
from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import tables


def load_dates() -> dict[str, str]:
    """The date (YYYY-MM-DD) of every photograph that has one, by its name."""
    table = tables.read("occasions", paths.OCCASIONS)
    dated = table[table["date"] != ""]
    return dict(zip(dated["image"], dated["date"], strict=True))


def number_seasons(dates: pd.Series, first_days: Sequence[str]) -> np.ndarray:
    """The season of n dates (YYYY-MM-DD), int; -1 for "", which is no date."""
    begun = np.searchsorted(np.array(sorted(first_days)), dates.to_numpy(dtype=str), side="right")
    return np.where(dates == "", -1, len(first_days) - begun)


def name_season(number: int, first_days: Sequence[str]) -> str:
    """From which day to which a season is, in words."""
    days = sorted(first_days, reverse=True)
    if number == len(days):
        return f"before {days[-1]}"
    if number == 0:
        return f"from {days[0]} on"
    last = datetime.date.fromisoformat(days[number - 1]) - datetime.timedelta(days=1)
    return f"from {days[number]} to {last}"
