"""Evidence that is known beforehand, and that it never runs the wrong way."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from pipeline.steps.verify.judge import Judge


def drawn(count: int = 60_000, share: float = 0.1) -> pd.DataFrame:
    """Pairs whose log Bayes factor is known: 8 x similarity + 1.5 x log(1 + inliers)
    + log(1 + weighted_inliers) - const."""
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
    height = np.quantile(odds, 1 - share)
    return scores.assign(same=rng.random(count) < expit(odds - height), weight=1.0)


def test_the_true_weights_are_found():
    judge = Judge().fit(drawn())
    assert judge.weights_ / judge.spread_ == pytest.approx([8, 1.5, 1], rel=0.08)


def test_evidence_is_free_of_the_prior():
    """Nine of ten different pairs thrown away: the prior rises, what a pair says does not."""
    pairs = drawn()
    kept = pairs["same"] | (np.arange(len(pairs)) % 10 == 0)
    asked = pd.DataFrame(
        {"similarity": [0.0, 0.3, 0.6], "inliers": [0, 5, 20], "weighted_inliers": [0, 1, 4]}
    )
    every, some = (Judge().fit(own).evidence(asked) for own in (pairs, pairs[kept]))
    assert some == pytest.approx(every, abs=0.25)


def test_a_pair_of_weight_10_counts_as_ten():
    pairs = drawn(4000)
    thinned = pairs[pairs["same"] | (np.arange(4000) % 4 == 0)]
    weighed = thinned.assign(weight=np.where(thinned["same"], 1.0, 4.0))
    copied = thinned.loc[thinned.index.repeat(weighed["weight"].astype(int))]
    asked = pd.DataFrame({"similarity": [0.1, 0.5], "inliers": [2, 9], "weighted_inliers": [0, 3]})
    first, second = (Judge().fit(own).evidence(asked) for own in (weighed, copied))
    assert first == pytest.approx(second, abs=1e-3)


def test_the_chance_by_hand():
    """Without evidence the prior stays; a Bayes factor of 4 makes of 1 to 1 4 to 1."""
    judge = Judge()
    pair = pd.DataFrame({"similarity": [0.3], "inliers": [7], "weighted_inliers": [1]})
    assert judge.chance(pair, 0.2) == pytest.approx([0.2])
    judge.height_ = np.log(4)
    assert judge.chance(pair, 0.5) == pytest.approx([0.8])
    assert judge.chance(pair, 0.2) == pytest.approx([0.5])


def test_more_matched_points_never_count_against_the_same_animal():
    pairs = drawn()
    turned = pairs.assign(inliers=pairs["inliers"].max() - pairs["inliers"])
    judge = Judge().fit(turned)
    assert judge.weights_[1] == 0 and judge.weights_[0] > 0


@pytest.mark.parametrize("same", [True, False])
def test_pairs_of_one_kind_teach_nothing(same):
    pairs = drawn(50).assign(same=same)
    assert not Judge().fit(pairs).weights_.any()


def test_without_local_features_similarity_speaks_alone():
    pairs = drawn().assign(inliers=0, weighted_inliers=0)
    judge = Judge().fit(pairs)
    assert judge.weights_[0] > 0 and np.isfinite(judge.evidence(pairs)).all()


def test_it_comes_back_from_json():
    judge = Judge().fit(drawn(2000))
    back = Judge.from_dict(json.loads(json.dumps(judge.to_dict())))
    assert back.evidence(drawn(50)) == pytest.approx(judge.evidence(drawn(50)))
