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


def test_a_photograph_without_a_date_is_refused():
    with pytest.raises(ValueError, match="1 photographs have no date"):
        splits.split_by_date(pd.Series(["a"] * 3), pd.Series(["2024-05-01", "", "2024-05-02"]), 0.8)


def test_duplicates_stay_together_in_training():
    test = np.array([True, False, True, True])
    assert splits.keep_groups_together(test, np.array([0, 0, 1, 1])).tolist() == [
        False,
        False,
        True,
        True,
    ]
