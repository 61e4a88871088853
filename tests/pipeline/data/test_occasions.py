"""Dates and times as people, cameras and programs write them."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data import occasions


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("2024-05-31", "2024-05-31", ""),
        ("2024/5/1", "2024-05-01", ""),
        ("20240531", "2024-05-31", ""),
        ("31.5.2024", "2024-05-31", ""),
        ("31.05.2024 7:30", "2024-05-31", "07:30:00"),
        ("2024:05:31 10:00:59", "2024-05-31", "10:00:59"),
        ("2024-05-31T10:00:00.25", "2024-05-31", "10:00:00"),
        ("2024-05-31T10:00:00Z", "2024-05-31", "10:00:00Z"),
        ("2024-05-31 10:00:00 +0200", "2024-05-31", "10:00:00+02:00"),
        ("2024-05-31T10:00:00,5-03:30", "2024-05-31", "10:00:00-03:30"),
    ],
)
def test_a_date_is_read(text, date, time):
    assert occasions.parse_when(text) == (date, time)


@pytest.mark.parametrize(
    "text",
    ["", "5/6/2024", "31-05-2024", "2024-02-30", "0000:00:00 00:00:00", "2024-05-31 25:00"],
)
def test_what_has_two_meanings_or_none_is_refused(text):
    with pytest.raises(ValueError):
        occasions.parse_when(text)


def test_times_with_a_zone_are_compared_in_utc():
    table = pd.DataFrame(
        [
            ("2024-05-31", "23:30:00Z"),
            ("2024-06-01", "01:30:00+02:00"),
            ("2024-05-31", "10:00:00"),
            ("2024-05-31", ""),
        ],
        columns=["date", "time"],
    )
    first, second, local, none = occasions.parse_instants(table)
    assert first == second == np.datetime64("2024-05-31T23:30:00")
    assert local == np.datetime64("2024-05-31T10:00:00") and np.isnat(none)
