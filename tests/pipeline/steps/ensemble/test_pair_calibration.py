"""Scores as log-odds of pairs: numbers by hand, and a calibration never reverses an order."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.steps.ensemble.linear_blends import WeightedBlend
from pipeline.steps.ensemble.pair_calibration import (
    CalibratedBlend,
    IsotonicCalibration,
    LogisticCalibration,
)
from tests.pipeline.steps.ensemble.synthetic import HELD_OUT, build_fold

KINDS = [LogisticCalibration, IsotonicCalibration]


def sample(count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose log-odds of being the same animal are 3 x - 4."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0.8, 0.6, count)
    return scores, rng.random(count) < 1 / (1 + np.exp(4 - 3 * scores))


@pytest.mark.parametrize("kind", KINDS)
def test_the_fit_recovers_the_true_log_odds(kind):
    scores, same = sample()
    log_odds = kind().fit(scores, same, np.ones(len(scores))).log_odds(np.array([0.6, 1.0, 1.6]))
    assert log_odds == pytest.approx([-2.2, -1.0, 0.8], abs=0.45)


@pytest.mark.parametrize("kind", KINDS)
def test_log_odds_never_fall_with_the_score(kind):
    scores, same = sample(300)
    log_odds = kind().fit(scores, same, np.ones(300)).log_odds(np.sort(scores))
    assert (np.diff(log_odds) >= -1e-12).all()


def test_steps_by_hand():
    scores = np.array([1.0, 2, 3, 4, 5, 6])
    same = np.array([False, False, True, False, True, True])
    fitted = IsotonicCalibration().fit(scores, same, np.ones(6))
    # steps: {1, 2} with none of 2, {3, 4} with 1 of 2, {5, 6} with 2 of 2
    assert fitted.scores_.tolist() == [1.5, 3.5, 5.5]
    assert fitted.log_odds_ == pytest.approx(np.log([0.5 / 2.5, 1, 2.5 / 0.5]))
    middle = (np.log(0.2) + 0) / 2
    assert fitted.log_odds(np.array([-9, 2.5, 99])) == pytest.approx(
        [np.log(0.2), middle, np.log(5)]
    )


def test_a_pair_of_weight_2_counts_as_two():
    scores, same = np.array([1.0, 2, 3]), np.array([False, True, True])
    twice = IsotonicCalibration().fit(
        np.array([1.0, 2, 3, 3]), np.array([False, True, True, True]), np.ones(4)
    )
    weighted = IsotonicCalibration().fit(scores, same, np.array([1.0, 1, 2]))
    # weights are relative to their mean: 3 pairs, of which the step {2, 3} holds 9 / 4
    assert weighted.scores_ == pytest.approx(twice.scores_)
    assert weighted.log_odds_[1] == pytest.approx(np.log((2.25 + 0.5) / 0.5))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("same", [[False] * 3, [True] * 3])
def test_one_class_alone_or_equal_scores_give_finite_log_odds(kind, same):
    scores = np.full(3, 0.5)
    log_odds = kind().fit(scores, np.array(same), np.ones(3)).log_odds(np.array([0.5, 7.0]))
    assert np.isfinite(log_odds).all()


@pytest.mark.parametrize("kind", ["logistic", "isotonic"])
def test_a_blend_is_fitted_on_the_pairs_log_odds(kind):
    fold = build_fold(0)
    held_out = fold.select(~fold.is_test)
    # the same order, but no straight line fits
    twisted = held_out.scores.assign(**{"one.nearest": np.exp(3 * held_out.scores["one.nearest"])})
    weights = np.ones(HELD_OUT)
    fitted = CalibratedBlend(WeightedBlend(), kind).fit(held_out, weights)
    assert np.isfinite(fitted.log_odds(held_out)).all()
    if kind == "isotonic":
        again = CalibratedBlend(WeightedBlend(), kind).fit(
            replace(held_out, scores=twisted), weights
        )
        assert again.calibrations_["one.nearest"].log_odds_ == pytest.approx(
            fitted.calibrations_["one.nearest"].log_odds_
        )


def test_one_right_pair_among_the_lowest_scores_changes_little():
    scores = np.arange(2000.0)
    same = np.random.default_rng(0).random(2000) < 1 / (1 + np.exp(9 - scores / 200))
    same[:10] = False
    plain = IsotonicCalibration().fit(scores, same, np.ones(2000)).log_odds(np.array([300.0, 1700]))
    same[1] = True
    stray = IsotonicCalibration().fit(scores, same, np.ones(2000)).log_odds(np.array([300.0, 1700]))
    assert stray[0] < -4 and stray[1] == pytest.approx(plain[1])
