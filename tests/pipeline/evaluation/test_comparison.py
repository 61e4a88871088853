"""Two systems on the same queries, by hand."""

import pandas as pd
import pytest

from pipeline.data import tables
from pipeline.evaluation import comparison
from pipeline.params import Evaluation

SETTINGS = Evaluation(new_whale_prior=0.3, crossfit=2, bootstrap=200, seed=0)


def rankings(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """One query per row: image, truth, ranking; every query shows another individual."""
    table = pd.DataFrame(rows, columns=["image", "truth", "ranking"])
    kind = table["truth"].map({"new_whale": "unseen"}).fillna("known")
    table = table.assign(kind=kind, group=range(len(rows)), fold=0, cluster=table["image"])
    return table.assign(weight=9.0)[tables.COLUMNS["rankings"]]


FIRST = rankings(("1", "a", "b a"), ("2", "b", "b a"), ("3", "new_whale", "b new_whale"))


def test_a_gain_by_hand():
    """The known ones weigh .35 each, the new one .3: 1/2 to 1, 1 to 1, 1/2 to 1."""
    second = rankings(("1", "a", "a b"), ("2", "b", "b a"), ("3", "new_whale", "new_whale b"))
    found = comparison.compute_gain(FIRST, second, SETTINGS)
    assert found["first"] == pytest.approx(0.35 / 2 + 0.35 + 0.3 / 2)
    assert found["second"] == pytest.approx(1)
    assert found["difference"] == pytest.approx(found["second"] - found["first"])
    assert 0 <= found["low"] < found["difference"] < found["high"] <= 0.5
    assert found["queries"] == 3


def test_a_system_gains_nothing_on_itself():
    found = comparison.compute_gain(FIRST, FIRST, SETTINGS)
    assert found["difference"] == found["low"] == found["high"] == found["visible"] == 0


def test_only_queries_with_the_same_truth_count_weighted_to_the_prior_anew():
    """Query 1 is new with the other folds, so 2 weighs .7 (1 to 1/2) and 3 weighs .3."""
    second = rankings(
        ("1", "new_whale", "new_whale"), ("2", "b", "a b"), ("3", "new_whale", "b new_whale")
    )
    found = comparison.compute_gain(FIRST, second, SETTINGS)
    assert found["queries"] == 2
    assert found["difference"] == pytest.approx(-0.35)


def test_no_common_query_is_an_error():
    with pytest.raises(ValueError, match="no query with the same right answer"):
        comparison.compute_gain(FIRST, rankings(("9", "a", "a")), SETTINGS)


def test_a_query_answered_twice_is_an_error():
    twice = pd.concat([FIRST, FIRST])
    with pytest.raises(ValueError, match="one-to-one"):
        comparison.compute_gain(FIRST, twice, SETTINGS)
