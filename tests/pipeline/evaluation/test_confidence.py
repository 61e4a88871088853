"""Half of an interval, by numbers that a person can check."""

import numpy as np
import pytest

from pipeline.evaluation.confidence import margin


def test_of_two_values_it_is_wide():
    """0 and 1, one degree of freedom: 12.706 x .7071 / sqrt(2)."""
    assert margin(np.array([0.0, 1.0])) == pytest.approx(12.706 / 2, rel=1e-4)


def test_of_many_it_is_the_normal_laws():
    """As many zeros as ones: 1.96 x .5 / sqrt(n)."""
    assert margin(np.arange(10_000) % 2) == pytest.approx(1.96 * 0.5 / 100, rel=1e-3)


def test_a_value_that_is_missing_leaves_none():
    assert np.isnan(margin(np.array([0.5, np.nan, 0.5])))
