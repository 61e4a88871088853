"""LightGBM's features by hand, and what it learns."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import TEST
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.ensemble import assemble, boosting
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble.synthetic import fold_of

SECTION = params.load(ROOT / "tests/params.yaml").ensemble.boosting


@pytest.fixture
def small() -> assemble.FoldEvidence:
    """q1: a .9 .1, b .5 .8, c .5 .3; q2: a alone, .4 .2."""
    return assemble.FoldEvidence(
        0,
        pd.DataFrame({"image": ["q1", "q2"], "truth": ["b", NEW_WHALE]}),
        np.array([0, 0, 0, 1]),
        np.array(["a", "b", "c", "a"], dtype=object),
        pd.DataFrame({"x": [0.9, 0.5, 0.5, 0.4], "y": [0.1, 0.8, 0.3, 0.2]}),
        np.array([3, 1, 2, 3]),
    )


def test_the_candidates_features_by_hand(small):
    found = boosting.candidate_features(small)
    assert found["x rank"].tolist() == [1, 2, 3, 1]
    assert found["y rank"].tolist() == [3, 1, 2, 1]
    assert found["x gap"].tolist()[:3] == pytest.approx([0.4, -0.4, -0.4])
    assert found["y gap"].tolist()[:3] == pytest.approx([-0.7, 0.5, -0.5])
    assert found[["x gap", "y gap"]].iloc[3].isna().all()  # nothing to be compared with
    assert found["mean_rank"].tolist() == [2, 1.5, 2.5, 1]
    assert found["firsts"].tolist() == [1, 1, 0, 2]
    assert found["size"].tolist() == [3, 1, 2, 3]


def test_new_whale_has_each_features_greatest_value(small):
    found = boosting.features(small)
    assert found["new"].tolist() == [0, 0, 0, 0, 1, 1]
    new = found.iloc[4]
    assert new[["x", "y", "x rank", "mean_rank", "firsts", "size"]].tolist() == [
        0.9, 0.8, 3, 2.5, 1, 3,
    ]  # fmt: skip


def test_ties_share_no_rank(small):
    tied = replace(small, scores=small.scores.assign(x=0.5))
    assert boosting.candidate_features(tied)["x rank"].tolist() == [1, 2, 3, 1]
    assert boosting.candidate_features(tied)["x gap"].tolist()[:3] == [0, 0, 0]


def held(folds: int = 6) -> assemble.FoldEvidence:
    both = assemble.stacked([fold_of(fold) for fold in range(folds)])
    return both.only((both.queries["kind"] != TEST).to_numpy())


def test_it_learns_an_obvious_rule_and_when_nobody_is_right():
    """The truth scores 1, all else 0; a new query's candidates all score 0."""
    data = held()
    right = data.choices(np.ones(len(data.queries))).right
    data = replace(data, scores=pd.DataFrame({"one.sure": right.astype(float)}))
    booster = boosting.Booster(SECTION, 0).fit(data, np.ones(len(data.queries)))
    log_odds = booster.log_odds(data)
    new = (data.queries["truth"] == NEW_WHALE).to_numpy()[data.query]
    assert log_odds[right].min() > 1
    assert log_odds[~right & ~new].max() < log_odds[right].min()
    assert log_odds[new].max() < -1


def test_it_is_deterministic_to_the_bit():
    data = held(2)
    weights = np.ones(len(data.queries))
    first, again = (boosting.Booster(SECTION, 0).fit(data, weights) for _ in range(2))
    assert np.array_equal(first.log_odds(data), again.log_odds(data))


def test_a_querys_weight_counts_for_all_its_rows():
    data = held(2)
    new = (data.queries["truth"] == NEW_WHALE).to_numpy()
    shy = boosting.Booster(SECTION, 0).fit(data, np.where(new, 10.0, 1.0)).log_odds(data)
    bold = boosting.Booster(SECTION, 0).fit(data, np.where(new, 0.1, 1.0)).log_odds(data)
    assert bold.mean() > shy.mean() + 1
