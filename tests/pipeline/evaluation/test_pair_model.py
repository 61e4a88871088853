"""The model against known evidence; no score counts against the same animal."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from pipeline.evaluation.pair_model import PairModel


def sample_pairs(count: int = 60_000, fraction: float = 0.1) -> pd.DataFrame:
    """Pairs with a known log Bayes factor.

    8 x similarity + 1.5 x log(1 + inliers) + log(1 + weighted_inliers) - constant.
    """
    rng = np.random.default_rng(0)
    scores = pd.DataFrame(
        {
            "similarity": rng.normal(0.2, 0.2, count),
            "inliers": rng.poisson(4, count),
            "weighted_inliers": rng.gamma(2, size=count),
        }
    )
    odds = 8 * scores["similarity"] + 1.5 * np.log1p(scores["inliers"])
    odds += np.log1p(scores["weighted_inliers"])
    height = np.quantile(odds, 1 - fraction)
    return scores.assign(same=rng.random(count) < expit(odds - height), weight=1.0)


def test_the_true_weights_are_fitted():
    model = PairModel().fit(sample_pairs())
    assert model.weights_ / model.spread_ == pytest.approx([8, 1.5, 1], rel=0.08)


def test_evidence_does_not_depend_on_the_prior():
    """Without nine of ten different pairs the prior rises, but not the evidence."""
    pairs = sample_pairs()
    selected = pairs["same"] | (np.arange(len(pairs)) % 10 == 0)
    queries = pd.DataFrame(
        {"similarity": [0.0, 0.3, 0.6], "inliers": [0, 5, 20], "weighted_inliers": [0, 1, 4]}
    )
    from_all, from_some = (
        PairModel().fit(training).evidence(queries) for training in (pairs, pairs[selected])
    )
    assert from_some == pytest.approx(from_all, abs=0.25)


def test_a_pair_of_weight_4_counts_as_four_pairs():
    pairs = sample_pairs(4000)
    thinned = pairs[pairs["same"] | (np.arange(4000) % 4 == 0)]
    weighted = thinned.assign(weight=np.where(thinned["same"], 1.0, 4.0))
    repeated = thinned.loc[thinned.index.repeat(weighted["weight"].astype(int))]
    queries = pd.DataFrame(
        {"similarity": [0.1, 0.5], "inliers": [2, 9], "weighted_inliers": [0, 3]}
    )
    first, second = (
        PairModel().fit(training).evidence(queries) for training in (weighted, repeated)
    )
    assert first == pytest.approx(second, abs=1e-3)


def test_the_probability_by_hand():
    """Without evidence the prior stays; a Bayes factor of 4 turns odds of 1 to 1 into 4 to 1."""
    model = PairModel()
    pair = pd.DataFrame({"similarity": [0.3], "inliers": [7], "weighted_inliers": [1]})
    assert model.probability(pair, 0.2) == pytest.approx([0.2])
    model.intercept_ = np.log(4)
    assert model.probability(pair, 0.5) == pytest.approx([0.8])
    assert model.probability(pair, 0.2) == pytest.approx([0.5])


def test_more_matched_points_never_count_against_the_same_animal():
    pairs = sample_pairs()
    reversed_ = pairs.assign(inliers=pairs["inliers"].max() - pairs["inliers"])
    model = PairModel().fit(reversed_)
    assert model.weights_[1] == 0 and model.weights_[0] > 0


@pytest.mark.parametrize("same", [True, False])
def test_pairs_of_one_class_leave_the_judge_unfitted(same):
    pairs = sample_pairs(50).assign(same=same)
    assert not PairModel().fit(pairs).weights_.any()


def test_without_local_features_only_similarity_counts():
    pairs = sample_pairs().assign(inliers=0, weighted_inliers=0)
    model = PairModel().fit(pairs)
    assert model.weights_[0] > 0 and np.isfinite(model.evidence(pairs)).all()


def test_a_pair_model_survives_json():
    model = PairModel().fit(sample_pairs(2000))
    loaded = PairModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert loaded.evidence(sample_pairs(50)) == pytest.approx(model.evidence(sample_pairs(50)))
