"""Seasons: which one a date is of, and what it is called."""

import pandas as pd

from pipeline import paths
from pipeline.data import seasons, tables

FIRST_DAYS = ["2024-03-01", "2023-03-01"]  # in any order


def test_a_first_day_is_of_the_season_that_it_begins():
    dates = ["2024-03-01", "2024-02-29", "2023-03-01", "2023-02-28", "1999-12-31", "2030-01-01", ""]
    found = seasons.number_seasons(pd.Series(dates), FIRST_DAYS)
    assert found.tolist() == [0, 1, 1, 2, 2, 0, -1]


def test_no_dates_have_no_season():
    assert seasons.number_seasons(pd.Series([], dtype=object), FIRST_DAYS).tolist() == []


def test_a_season_ends_on_the_day_before_the_next_one():
    names = [seasons.name_season(number, FIRST_DAYS) for number in range(3)]
    assert names == ["from 2024-03-01 on", "from 2023-03-01 to 2024-02-29", "before 2023-03-01"]
    assert seasons.name_season(1, ["2024-03-01"]) == "before 2024-03-01"


def test_dates_are_those_of_the_table_of_occasions(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "OCCASIONS", tmp_path / "occasions.csv")
    rows = [("a.jpg", "2024-05-31", "North"), ("b.jpg", "", "South")]
    table = pd.DataFrame(rows, columns=["image", "date", "place"])
    columns = tables.COLUMNS["occasions"]
    tables.write("occasions", table.reindex(columns=columns, fill_value=""), paths.OCCASIONS)
    assert seasons.load_dates() == {"a.jpg": "2024-05-31"}
