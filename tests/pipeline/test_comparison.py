"""Two systems on the same queries, by hand."""

import pandas as pd
import pytest

from pipeline import comparison, tables
from pipeline.params import Evaluation

SETTINGS = Evaluation(new_whale_prior=0.3, crossfit=2, bootstrap=200, seed=0)


def rankings(rows: list[tuple]) -> pd.DataFrame:
    """One query a row: image, truth, ranking, weight; every query another individual."""
    table = pd.DataFrame(rows, columns=["image", "truth", "ranking", "weight"])
    table = table.assign(group=range(len(rows)), fold=0, kind="known", cluster=table["image"])
    return table[tables.COLUMNS["rankings"]]


FIRST = rankings([("1", "a", "b a", 1.0), ("2", "b", "b a", 1.0), ("3", "a", "b c", 2.0)])


def test_a_gain_by_hand():
    """Query 1: 1/2 to 1; query 2 as it was; query 3, of twice the weight: 0 to 1/2."""
    second = rankings([("1", "a", "a b", 1.0), ("2", "b", "b a", 1.0), ("3", "a", "b a", 2.0)])
    found = comparison.gain(FIRST, second, SETTINGS)
    assert found["first"] == pytest.approx((0.5 + 1 + 0) / 4)
    assert found["second"] == pytest.approx((1 + 1 + 1) / 4)
    assert found["difference"] == pytest.approx(found["second"] - found["first"])
    assert 0 <= found["low"] < found["difference"] < found["high"] <= 0.5
    assert found["queries"] == 3


def test_a_system_gains_nothing_on_itself():
    found = comparison.gain(FIRST, FIRST, SETTINGS)
    assert found["difference"] == found["low"] == found["high"] == found["visible"] == 0


def test_only_queries_with_the_same_truth_count():
    """Query 1 is new with the other folds, query 3 is not asked: query 2 is left."""
    second = rankings([("1", "new_whale", "new_whale", 1.0), ("2", "b", "a b", 1.0)])
    found = comparison.gain(FIRST, second, SETTINGS)
    assert found["queries"] == 1
    assert found["difference"] == -0.5


def test_nothing_in_common_is_an_error():
    with pytest.raises(ValueError, match="no query with the same right answer"):
        comparison.gain(FIRST, rankings([("9", "a", "a", 1.0)]), SETTINGS)
