"""Strata, the pilot, and the allocation of a sample."""

import numpy as np
import pytest

from pipeline.population import sample
from pipeline.population.sample import PILOT, SMALLEST, Strata


def test_strata_are_ranges_of_the_prediction_and_hold_every_photograph_once():
    predicted = np.repeat([0.9, 0.001, 0.3], 20)
    strata = sample.stratify(predicted, 0)
    assert [sorted(order) for order in strata.orders] == [
        list(range(20, 40)),
        list(range(40, 60)),
        list(range(20)),
    ]


def test_a_stratum_of_a_few_joins_the_next_and_the_last_one_the_one_before():
    predicted = np.repeat([0.001, 0.02, 0.3, 0.9], [3, SMALLEST, SMALLEST, 2])
    assert sample.stratify(predicted, 0).sizes.tolist() == [SMALLEST + 3, SMALLEST + 2]
    assert sample.stratify(np.array([0.5]), 0).sizes.tolist() == [1]
    assert sample.stratify(np.array([]), 0).sizes.tolist() == []


def test_a_seed_gives_one_order_and_another_seed_another():
    predicted = np.full(50, 0.4)
    first, again, other = (sample.stratify(predicted, seed).orders[0] for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_a_larger_sample_contains_a_smaller_one():
    strata = sample.stratify(np.full(50, 0.4), 0)
    small, large = strata.sample(np.array([5]))[0], strata.sample(np.array([9]))[0]
    assert large[:5].tolist() == small.tolist()


def test_the_pilot_takes_a_small_stratum_whole():
    strata = Strata([np.arange(5), np.arange(100)])
    assert sample.count_pilot(strata).tolist() == [5, PILOT]


def test_a_sample_is_divided_by_size_and_spread():
    counts = sample.divide(60, np.array([10, 10]), np.array([100, 400]), np.array([0.4, 0.2]))
    assert counts.tolist() == [20, 40]  # 100 x .4 to 400 x .2


def test_what_a_full_stratum_can_not_take_goes_to_the_others():
    counts = sample.divide(100, np.array([10, 10]), np.array([20, 400]), np.array([0.5, 0.01]))
    assert counts.tolist() == [20, 80]


def test_a_sample_is_as_large_as_the_half_width_asks_for():
    """One stratum of 1,000, half of them first: 1.96 x 1000 x .5 x sqrt(1/n - 1/1000) is 50."""
    strata = Strata([np.arange(1000)])
    counts = sample.allocate(strata, np.array([12]), np.array([6]), 0, 0.1)
    expected = 1 / (1 / 1000 + (50 / (1.96 * 500)) ** 2)
    assert counts[0] == pytest.approx(expected, abs=1)


def test_known_individuals_make_a_smaller_sample():
    strata = Strata([np.arange(1000)])
    few = sample.allocate(strata, np.array([12]), np.array([6]), 2000, 0.1)
    assert few.tolist() == [16]  # 1 / (1 / 1000 + (250 / 1.96 / 500) ** 2) is 15.2


def test_a_half_width_out_of_reach_takes_all_photographs():
    strata = Strata([np.arange(30), np.arange(20)])
    counts = sample.allocate(strata, np.array([12, 12]), np.array([6, 0]), 0, 1e-6)
    assert counts.tolist() == [30, 20]
