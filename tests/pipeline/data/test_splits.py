"""The published rules, by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data import splits


def test_the_generator_by_hand():
    states = splits.generate_numbers(666)
    first = (666 * 1103515245 + 12345) % 2147483648
    assert [next(states), next(states)] == [first, (first * 1103515245 + 12345) % 2147483648]


def test_a_permutation_is_the_order_of_the_generated_numbers():
    assert splits.permute(4, iter([30, 10, 40, 20])).tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize(
    "photographs, tested", [(1, 0), (2, 1), (3, 1), (4, 1), (5, 1), (7, 1), (8, 2), (10, 2)]
)
def test_the_number_of_an_individuals_test_photographs(photographs, tested):
    """4 x .8 = 3.2 trains 3; 2 x .8 rounds to 2, but one is for the test; 7 x .8 = 5.6 trains 6."""
    assert splits.split_closed(pd.Series(["a"] * photographs), 0.8).sum() == tested


def test_a_closed_split_follows_the_generator():
    identities = pd.Series(["b", "a", "a", "b", "b", "a", "c"])
    states = splits.generate_numbers(666)
    own = {"a": np.array([1, 2, 5]), "b": np.array([0, 3, 4]), "c": np.array([6])}
    tested = []
    for name, count in (("a", 2), ("b", 2), ("c", 1)):
        order = np.argsort([next(states) for _ in own[name]])
        tested += own[name][order[count:]].tolist()
    assert np.flatnonzero(splits.split_closed(identities, 0.8)).tolist() == sorted(tested)


def test_identities_that_are_numbers_are_sorted_as_numbers():
    identities = pd.Series(np.repeat([2, 10, 33], 5))
    one, two = (splits.split_closed(kind, 0.6) for kind in (identities, identities.astype(str)))
    assert one.sum() == two.sum() and not np.array_equal(one, two)


def test_an_open_test_has_unknown_individuals_and_the_training_its_fraction():
    rng = np.random.default_rng(0)
    identities = pd.Series(rng.integers(0, 60, 900))
    test = splits.split_open(identities, 0.8, new=0.1)
    unknown = set(identities[test]) - set(identities[~test])
    assert 0.06 < identities.isin(unknown).mean() <= 0.1
    assert (~test).mean() == pytest.approx(0.8, abs=0.03)


def test_the_latest_days_are_the_test_and_no_day_is_split():
    dates = pd.Series(["2024-05-01 10:00"] * 6 + ["2024-05-02"] * 2 + ["2024-06-01"] * 2)
    identities = pd.Series(["a"] * 10)
    assert splits.split_by_date(identities, dates, 0.8).tolist() == [False] * 8 + [True] * 2
    assert splits.split_by_date(identities, dates, 0.1).tolist() == [False] * 6 + [True] * 4
    with pytest.raises(ValueError, match="10 photographs are of one day"):
        splits.split_by_date(identities, pd.Series(["2024-05-01"] * 10), 0.8)


@pytest.mark.fault(
    "tables",
    "dates in several zones, as EXIF writes them, or without separators",
    "read: the day is the local one, as it is written",
)
@pytest.mark.parametrize(
    "date",
    [
        *("2020-03-01", "2020-3-1", "2020/03/01", "2020.03.01", "20200301", " 2020-03-01 "),
        *("2020:03:01 10:00:00", "2020-03-01T23:30:00+01:00", "2020-03-01T00:10:00-11:00"),
        *("2020-03-01 23:59:59.999Z", "2020-03-01 9:00 PM", "20200301T101112"),
    ],
)
def test_ways_to_write_a_day(date):
    assert splits.parse_days(pd.Series([date])).tolist() == ["2020-03-01"]


@pytest.mark.fault(
    "tables",
    "dates with the day first, of a camera without a clock, of a month, or missing",
    "refused before anything is copied, with rows, values and the way to write them",
)
@pytest.mark.parametrize(
    "date",
    [
        *("31/05/2024", "05/31/2024", "1 May 2024", "2024", "2024-05", "45443", "2024-02-30"),
        *("0000:00:00 00:00:00", "2024-05/31", "2024-05-31x", "yesterday", "202453"),
    ],
)
def test_a_date_that_could_be_another_day_is_refused(date):
    dates = pd.Series(["2024-05-01", date, "", "2024-05-02"], range(2, 6))
    with pytest.raises(ValueError) as caught:
        splits.split_by_date(pd.Series(["a"] * 4, dates.index), dates, 0.8)
    assert str(caught.value) == (
        "2 photographs have no date that begins with year, month and day (2024-05-31, or EXIF's "
        f"2024:05:31 10:00:00): row 3: {date!r}, row 4: no date"
    )


def test_many_dates_that_cannot_be_read_are_counted():
    with pytest.raises(ValueError, match=r"^8 photographs .*row 4: no date and 3 more$"):
        splits.parse_days(pd.Series([""] * 8))


def test_local_days_of_several_zones_are_compared_as_they_are_written():
    """In UTC, the second photograph is of the first day."""
    dates = pd.Series(["2020-06-01T10:00:00+02:00", "2020-06-02T00:30:00+02:00"] * 2)
    test = splits.split_by_date(pd.Series(["a"] * 4), dates, 0.5)
    assert test.tolist() == [False, True, False, True]


def test_duplicates_stay_together_in_training():
    test = np.array([True, False, True, True])
    assert splits.keep_groups_together(test, np.array([0, 0, 1, 1])).tolist() == [
        False,
        False,
        True,
        True,
    ]
