"""The table of encounters has every photograph, whatever is known."""

import pandas as pd

from pipeline.data import occasions
from pipeline.params import Encounters
from pipeline.steps.encounters.encounters import describe, find_encounters

SETTINGS = Encounters(exif=True, by="burst", minutes=30.0, metres=500.0)
IMAGES = pd.Series(["a", "b", "c", "d"])


def test_photographs_of_one_time_are_an_encounter():
    rows = [("d", "2024-05-31", "10:00:00"), ("b", "2024-05-31", "10:05:00")]
    taken = pd.DataFrame(rows, columns=["image", "date", "time"])
    taken = taken.reindex(columns=occasions.COLUMNS, fill_value="").fillna("")
    table = find_encounters(IMAGES, taken, SETTINGS)
    assert table["image"].tolist() == ["a", "b", "c", "d"]
    assert table["encounter"].tolist() == [0, 1, 2, 1]
    assert describe(table, taken) == (
        "2 of 4 photographs have a date; 2 are in 1 encounters with others, at most 2 in one"
    )


def test_without_dates_each_photograph_is_one():
    nothing = occasions.build_empty()
    table = find_encounters(IMAGES, nothing, SETTINGS)
    assert table["encounter"].tolist() == [0, 1, 2, 3] and describe(table, nothing) == ""
