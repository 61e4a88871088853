"""Linear blends: the effect of weights of 1 and 0, and fitted weights."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.evaluation.calibration import SoftmaxCalibration
from pipeline.steps.ensemble.assemble import FoldEvidence
from pipeline.steps.ensemble.linear_blends import MeanBlend, WeightedBlend
from tests.pipeline.steps.ensemble.synthetic import HELD_OUT, build_fold


@pytest.fixture
def held_out() -> FoldEvidence:
    """Held-out queries with one score per backbone."""
    fold = build_fold(0)
    fold = fold.select(~fold.is_test)
    return replace(fold, scores=fold.scores[["one.nearest", "two.nearest"]])


WEIGHTS = np.ones(HELD_OUT)


def test_one_score_keeps_its_order_and_its_calibration(held_out):
    alone = replace(held_out, scores=held_out.scores[["one.nearest"]])
    log_odds = MeanBlend({"one": 1.0}).fit(alone, WEIGHTS).log_odds(alone)
    scores = alone.scores["one.nearest"].to_numpy()
    assert np.array_equal(np.argsort(log_odds), np.argsort(scores))
    expected = SoftmaxCalibration().fit(alone.to_choices(WEIGHTS)).log_odds(scores[:, None])
    assert log_odds == pytest.approx(expected, abs=0.05)


def test_a_weight_of_0_equals_no_such_backbone(held_out):
    alone = replace(held_out, scores=held_out.scores[["one.nearest"]])
    both = MeanBlend({"one": 1.0, "two": 0.0}).fit(held_out, WEIGHTS).log_odds(held_out)
    assert both == pytest.approx(
        MeanBlend({"one": 1.0}).fit(alone, WEIGHTS).log_odds(alone), abs=1e-6
    )


def test_only_the_proportions_of_weights_count(held_out):
    small = MeanBlend({"one": 0.2, "two": 0.6}).fit(held_out, WEIGHTS).log_odds(held_out)
    large = MeanBlend({"one": 1.0, "two": 3.0}).fit(held_out, WEIGHTS).log_odds(held_out)
    assert small == pytest.approx(large, abs=1e-4)


def test_the_mean_of_log_odds_by_hand(held_out):
    blend = MeanBlend({"one": 1.0, "two": 3.0}).fit(held_out, WEIGHTS)
    scores = held_out.scores.to_numpy()
    one, two = (blend.calibrations_[i].log_odds(scores[:, [i]]) for i in (0, 1))
    expected = blend.final_.log_odds(((one + 3 * two) / 4)[:, None])
    assert blend.log_odds(held_out) == pytest.approx(expected)


def test_weights_are_fitted_to_all_scores_together(held_out):
    expected = (
        SoftmaxCalibration().fit(held_out.to_choices(WEIGHTS)).log_odds(held_out.scores.to_numpy())
    )
    assert WeightedBlend().fit(held_out, WEIGHTS).log_odds(held_out) == pytest.approx(expected)


def test_noise_gets_a_small_weight(held_out):
    rng = np.random.default_rng(0)
    noisy = held_out.scores.assign(noise=rng.normal(size=len(held_out.query)))
    weights = WeightedBlend().fit(replace(held_out, scores=noisy), WEIGHTS).softmax_.weights_
    assert weights[2] < weights[:2].min() / 2
