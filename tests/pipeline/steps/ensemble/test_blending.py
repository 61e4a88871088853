"""The two blends: what a weight of 1 or 0 means, and what is learned."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.data.gallery import TEST
from pipeline.evaluation.calibration import SoftmaxCalibration
from pipeline.steps.ensemble.assemble import FoldEvidence
from pipeline.steps.ensemble.blending import Mean, Weighted
from tests.pipeline.steps.ensemble.synthetic import HELD, fold_of


@pytest.fixture
def held() -> FoldEvidence:
    """Held-out queries with one score a backbone."""
    part = fold_of(0)
    part = part.only((part.queries["kind"] != TEST).to_numpy())
    return replace(part, scores=part.scores[["one.nearest", "two.nearest"]])


WEIGHTS = np.ones(HELD)


def test_one_score_keeps_its_order_and_its_calibration(held):
    alone = replace(held, scores=held.scores[["one.nearest"]])
    found = Mean({"one": 1.0}).fit(alone, WEIGHTS).log_odds(alone)
    scores = alone.scores["one.nearest"].to_numpy()
    assert np.array_equal(np.argsort(found), np.argsort(scores))
    own = SoftmaxCalibration().fit(alone.choices(WEIGHTS)).log_odds(scores[:, None])
    assert found == pytest.approx(own, abs=0.05)


def test_a_weight_of_0_is_as_if_the_backbone_were_not_there(held):
    alone = replace(held, scores=held.scores[["one.nearest"]])
    both = Mean({"one": 1.0, "two": 0.0}).fit(held, WEIGHTS).log_odds(held)
    assert both == pytest.approx(Mean({"one": 1.0}).fit(alone, WEIGHTS).log_odds(alone), abs=1e-6)


def test_weights_are_shares(held):
    small = Mean({"one": 0.2, "two": 0.6}).fit(held, WEIGHTS).log_odds(held)
    large = Mean({"one": 1.0, "two": 3.0}).fit(held, WEIGHTS).log_odds(held)
    assert small == pytest.approx(large, abs=1e-4)


def test_the_average_is_of_log_odds_by_hand(held):
    blend = Mean({"one": 1.0, "two": 3.0}).fit(held, WEIGHTS)
    scores = held.scores.to_numpy()
    one, two = (blend.each_[i].log_odds(scores[:, [i]]) for i in (0, 1))
    expected = blend.last_.log_odds(((one + 3 * two) / 4)[:, None])
    assert blend.log_odds(held) == pytest.approx(expected)


def test_learned_weights_are_one_fit_of_all_scores(held):
    expected = SoftmaxCalibration().fit(held.choices(WEIGHTS)).log_odds(held.scores.to_numpy())
    assert Weighted().fit(held, WEIGHTS).log_odds(held) == pytest.approx(expected)


def test_learned_weights_leave_out_noise(held):
    rng = np.random.default_rng(0)
    noisy = held.scores.assign(noise=rng.normal(size=len(held.query)))
    learned = Weighted().fit(replace(held, scores=noisy), WEIGHTS).softmax_.weights_
    assert learned[2] < learned[:2].min() / 2
