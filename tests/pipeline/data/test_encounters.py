"""Which photographs are of one encounter, against a slow and obvious rule."""

import itertools

import numpy as np
import pandas as pd
import pytest

from pipeline.data import occasions
from pipeline.data.encounters import group_photographs, join
from pipeline.params import Encounters


def settings(by="burst", minutes=30.0, metres=500.0):
    return Encounters(exif=True, by=by, minutes=minutes, metres=metres)


def build(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(rows).reindex(columns=occasions.COLUMNS, fill_value="").fillna("")


def at(time, date="2024-05-31", **other) -> dict:
    return {"date": date, "time": time, **other}


def test_a_burst_goes_on_while_photographs_follow():
    table = build(at("10:00:00"), at("10:59:59"), at("10:30:00"), at("11:30:00"))
    assert group_photographs(table, settings()).tolist() == [0, 0, 0, 3]


def test_a_burst_may_pass_midnight_and_a_day_may_not():
    table = build(at("23:50:00"), at("00:10:00", date="2024-06-01"))
    assert group_photographs(table, settings()).tolist() == [0, 0]
    assert group_photographs(table, settings("day")).tolist() == [0, 1]


def test_two_places_are_two_encounters():
    table = build(at("10:00:00", place="x"), at("10:00:00", place="y"), at("10:01:00", place="x"))
    assert group_photographs(table, settings()).tolist() == [0, 1, 0]
    assert group_photographs(table, settings("day")).tolist() == [0, 1, 0]


def test_a_place_counts_before_positions_and_these_before_cameras():
    here = {"latitude": "10.0", "longitude": "20.0"}
    table = build(
        at("10:00:00", place="x", camera="1"),
        at("10:01:00", place="x", camera="2"),
        at("10:02:00", camera="1", **here),
        at("10:03:00", camera="2", **here),
        at("10:04:00", camera="1"),
        at("10:05:00", camera="2"),
    )
    assert group_photographs(table, settings()).tolist() == [0, 0, 2, 2, 4, 5]


def test_positions_are_joined_by_short_steps():
    """A degree of latitude is 111,195 metres: .004 are 445."""
    table = build(*(at("10:00:00", latitude=f"{60 + i * 0.004}", longitude="5") for i in range(4)))
    assert group_photographs(table, settings()).tolist() == [0] * 4
    assert group_photographs(table, settings(metres=400.0)).tolist() == [0, 1, 2, 3]


def test_without_a_time_a_photograph_may_be_of_any_encounter_of_its_day():
    table = build(at("08:00:00"), at(""), at("18:00:00"), at("08:00:00", date="2024-06-01"))
    assert group_photographs(table, settings()).tolist() == [0, 0, 0, 3]


def test_a_sequence_is_one_encounter_and_numbers_begin_anew():
    table = build(
        at("08:00:00", sequence="1"),
        at("18:00:00", sequence="1"),
        at("08:00:00", date="2024-06-01", sequence="1"),
        at("08:00:00", place="y", sequence="1"),
        {"sequence": "7"},
        {"sequence": "7"},
    )
    assert group_photographs(table, settings()).tolist() == [0, 0, 2, 3, 4, 4]


def test_without_dates_each_photograph_is_alone():
    assert group_photographs(build({}, {"place": "x"}, {"place": "x"}), settings()).tolist() == [
        0,
        1,
        2,
    ]
    assert group_photographs(build(at("10:00:00"))[:0], settings()).tolist() == []


@pytest.mark.parametrize("seed", range(3))
def test_bursts_are_those_of_all_pairs_of_photographs(seed):
    """Join every two photographs of one place within the minutes, until nothing changes."""
    rng = np.random.default_rng(seed)
    minutes = rng.integers(0, 60 * 24 * 2, 60)
    places = rng.choice(["x", "y"], 60)
    stamps = pd.Timestamp("2024-05-31") + pd.to_timedelta(minutes, unit="m")
    table = build(
        *(
            at(stamp.strftime("%H:%M:%S"), stamp.strftime("%Y-%m-%d"), place=place)
            for stamp, place in zip(stamps, places, strict=True)
        )
    )
    number = list(range(60))
    for _ in range(60):
        for a, b in itertools.combinations(range(60), 2):
            if places[a] == places[b] and abs(minutes[a] - minutes[b]) <= 30:
                number[a] = number[b] = min(number[a], number[b])
    assert group_photographs(table, settings()).tolist() == number


def test_keys_join_rows_that_others_have_joined():
    first = pd.Series(["a", "a", "b", "c"])
    second = pd.Series(["x", "y", "y"], [0, 2, 3])
    assert join(5, [first, second]).tolist() == [0, 0, 2, 2, 4]
