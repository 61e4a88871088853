"""Half-widths of intervals, by hand."""

import numpy as np
import pytest

from pipeline.evaluation.confidence import half_width


def test_two_values_have_a_wide_interval():
    """0 and 1, one degree of freedom: 12.706 x .7071 / sqrt(2)."""
    assert half_width(np.array([0.0, 1.0])) == pytest.approx(12.706 / 2, rel=1e-4)


def test_many_values_have_the_interval_of_the_normal_distribution():
    """As many zeros as ones: 1.96 x .5 / sqrt(n)."""
    assert half_width(np.arange(10_000) % 2) == pytest.approx(1.96 * 0.5 / 100, rel=1e-3)


def test_a_missing_value_gives_nan():
    assert np.isnan(half_width(np.array([0.5, np.nan, 0.5])))
