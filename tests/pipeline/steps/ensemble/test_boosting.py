"""LightGBM's features by hand, and its log-odds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.ensemble import assemble, boosting
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble.synthetic import build_fold

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
    )


def test_candidate_features_by_hand(small):
    features = boosting.build_candidate_features(small)
    assert features["x rank"].tolist() == [1, 3, 3, 1]
    assert features["y rank"].tolist() == [3, 1, 2, 1]
    assert features["x gap"].tolist()[:3] == pytest.approx([0.4, -0.4, -0.4])
    assert features["y gap"].tolist()[:3] == pytest.approx([-0.7, 0.5, -0.5])
    assert features[["x gap", "y gap"]].iloc[3].isna().all()  # no other candidate
    assert features["mean_rank"].tolist() == [2, 2, 2.5, 1]
    assert features["firsts"].tolist() == [1, 1, 0, 2]


def test_new_whale_has_each_features_greatest_value(small):
    features = boosting.build_features(small)
    assert features["new"].tolist() == [0, 0, 0, 0, 1, 1]
    new = features.iloc[4]
    assert new[["x", "y", "x rank", "mean_rank", "firsts"]].tolist() == [
        0.9, 0.8, 0, 0, 1,
    ]  # fmt: skip


def test_new_whale_does_not_tell_how_many_candidates_there_are(small):
    """Where all individuals are candidates, a new one held out has one candidate fewer."""
    last_is_worst = small.scores.assign(x=[0.9, 0.5, 0.1, 0.4], y=[0.3, 0.8, 0.1, 0.2])
    small = replace(small, scores=last_is_worst)
    without_last = replace(
        small,
        query=small.query[[0, 1, 3]],
        identity=small.identity[[0, 1, 3]],
        scores=small.scores.iloc[[0, 1, 3]].reset_index(drop=True),
    )
    new = [boosting.build_features(one) for one in (small, without_last)]
    first, second = (one[one["new"] == 1].reset_index(drop=True) for one in new)
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize(
    "values, expected",
    [
        ([0.9, 0.5, 0.5, 0.1], [1, 3, 3, 4]),
        ([0.9, 0.9, 0.5, 0.5], [2, 2, 4, 4]),
        ([0.0, 0.0, 0.0, 0.0], [2, 2, 2, 2]),  # none is first
        ([0.7], [1]),
        ([], []),
    ],
)
def test_only_the_best_alone_is_first(values, expected):
    query = np.zeros(len(values), int)
    assert boosting.rank_candidates(pd.Series(values, dtype=float), query).tolist() == expected


def test_ranks_of_ties_do_not_tell_how_many_candidates_there_are():
    """Without keypoints all local scores are 0, of however many candidates."""
    ranks = [
        boosting.rank_candidates(pd.Series([3.0] + [0.0] * count), np.zeros(count + 1, int))
        for count in (2, 40)
    ]
    assert ranks[0].tolist() == [1, 3, 3]
    assert set(ranks[1][1:]) == {3}


def test_the_gaps_of_ties_are_0(small):
    tied = replace(small, scores=small.scores.assign(x=0.5))
    assert boosting.build_candidate_features(tied)["x gap"].tolist()[:3] == [0, 0, 0]


def test_other_names_give_the_same_features():
    """Candidates are sorted by name; half of their scores are tied."""
    data = stack_held_out()
    data = replace(data, scores=(data.scores.rank() % 5).clip(lower=2))
    order = np.lexsort((np.random.default_rng(0).permutation(len(data.query)), data.query))
    renamed = replace(
        data,
        query=data.query[order],
        identity=data.identity[order],
        scores=data.scores.iloc[order].reset_index(drop=True),
    )
    features = boosting.build_candidate_features(data).iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(features, boosting.build_candidate_features(renamed))


def stack_held_out(count: int = 6) -> assemble.FoldEvidence:
    return assemble.stack_held_out([build_fold(fold) for fold in range(count)])


def test_trees_learn_an_obvious_rule_and_queries_without_a_right_candidate():
    """The truth scores 1, all else 0; a new query's candidates all score 0."""
    data = stack_held_out()
    right = data.to_choices(np.ones(len(data.queries))).right
    data = replace(data, scores=pd.DataFrame({"one.sure": right.astype(float)}))
    booster = boosting.BoostedBlend(SECTION, 0).fit(data, np.ones(len(data.queries)))
    log_odds = booster.log_odds(data)
    new = (data.queries["truth"] == NEW_WHALE).to_numpy()[data.query]
    assert log_odds[right].min() > 1
    assert log_odds[~right & ~new].max() < log_odds[right].min()
    assert log_odds[new].max() < -1


def test_fits_are_identical_to_the_bit():
    data = stack_held_out(2)
    weights = np.ones(len(data.queries))
    first, again = (boosting.BoostedBlend(SECTION, 0).fit(data, weights) for _ in range(2))
    assert np.array_equal(first.log_odds(data), again.log_odds(data))


def test_the_weight_of_a_query_applies_to_all_its_rows():
    data = stack_held_out(2)
    new = (data.queries["truth"] == NEW_WHALE).to_numpy()
    shy = boosting.BoostedBlend(SECTION, 0).fit(data, np.where(new, 10.0, 1.0)).log_odds(data)
    bold = boosting.BoostedBlend(SECTION, 0).fit(data, np.where(new, 0.1, 1.0)).log_odds(data)
    assert bold.mean() > shy.mean() + 1
