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


FIRST = rankings(
    ("1", "a", "b a"),
    ("2", "b", "b a"),
    ("3", "new_whale", "b new_whale"),
    ("4", "new_whale", "b new_whale"),
    ("5", "c", "c b"),
)


def test_a_gain_by_hand():
    """The known ones weigh .7, the new ones .3: 1/2 to 1, 1 to 1, 1 to 1; 1/2 to 1 twice."""
    second = rankings(
        ("1", "a", "a b"),
        ("2", "b", "b a"),
        ("3", "new_whale", "new_whale b"),
        ("4", "new_whale", "new_whale b"),
        ("5", "c", "c b"),
    )
    found = comparison.compute_gain(FIRST, second, SETTINGS)
    assert found["first"] == pytest.approx(0.7 * 2.5 / 3 + 0.3 / 2)
    assert found["second"] == pytest.approx(1)
    assert found["difference"] == pytest.approx(found["second"] - found["first"])
    assert 0 <= found["low"] < found["difference"] < found["high"] <= 0.5
    assert found["queries"] == 5 and found["kinds"] == "both"


def test_a_system_gains_nothing_on_itself():
    found = comparison.compute_gain(FIRST, FIRST, SETTINGS)
    assert found["difference"] == found["low"] == found["high"] == found["visible"] == 0


def test_only_queries_with_the_same_truth_count_weighted_to_the_prior_anew():
    """Query 1 is new with the other folds, so 2 weighs .35 (1 to 1/2), as 5 does."""
    second = rankings(
        ("1", "new_whale", "new_whale"),
        ("2", "b", "a b"),
        ("3", "new_whale", "b new_whale"),
        ("4", "new_whale", "b new_whale"),
        ("5", "c", "c b"),
    )
    found = comparison.compute_gain(FIRST, second, SETTINGS)
    assert found["queries"] == 4
    assert found["difference"] == pytest.approx(-0.175)


@pytest.mark.fault(
    "evaluation",
    "two runs whose common queries are all known, or all new",
    "compared on that kind, which is named; refused if it is a single individual",
)
def test_queries_of_one_kind_are_no_map5_of_both():
    found = comparison.compute_gain(FIRST[:3], FIRST[:3], SETTINGS)
    assert found["kinds"] == "known" and found["queries"] == 2
    assert found["first"] == pytest.approx(0.75)
    assert comparison.compute_gain(FIRST[2:], FIRST[2:], SETTINGS)["kinds"] == "new"
    with pytest.raises(ValueError, match="show 1 known and 1 new individuals"):
        comparison.compute_gain(FIRST[1:3], FIRST[1:3], SETTINGS)


def test_no_common_query_is_an_error():
    with pytest.raises(ValueError, match="no query with the same right answer"):
        comparison.compute_gain(FIRST, rankings(("9", "a", "a")), SETTINGS)


def test_a_query_answered_twice_is_an_error():
    twice = pd.concat([FIRST, FIRST])
    with pytest.raises(ValueError, match="one-to-one"):
        comparison.compute_gain(FIRST, twice, SETTINGS)
