"""The figures of the benchmark `naming`, by hand."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import naming

NEW = "new_whale"


def test_the_figures_by_hand():
    """Four known animals: right, wrong, called new, right at rank 2; two unknown ones."""
    truth = ["a", "a", "a", "b", NEW, NEW]
    predictions = [
        {"a": 0.95, NEW: 0.05},
        {"b": 0.9, "c": 0.1},
        {NEW: 0.6, "b": 0.4},
        {"a": 0.5, "b": 0.5},
    ]
    predictions += [{NEW: 0.8, "a": 0.2}, {"a": 0.7, NEW: 0.3}]
    weights = np.array([1, 1, 1, 1, 2, 2.0])
    found = naming.summarize(truth, [pd.Series(names) for names in predictions], weights)
    assert found["map5"] == pytest.approx((1 + 0.5 + 2 + 2 * 0.5) / 8)
    assert found["top1"] == pytest.approx(3 / 8)
    assert found["known, wrong identity"] == pytest.approx(2 / 4)
    assert found["known, called new"] == pytest.approx(1 / 4)
    assert found["unknown, given an identity"] == pytest.approx(1 / 2)
    assert found["sure predictions"] == pytest.approx(2 / 8)
    assert found["right if sure"] == pytest.approx(1 / 2)
