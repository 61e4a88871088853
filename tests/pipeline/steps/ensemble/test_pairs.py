"""Scores as log-odds of pairs: numbers by hand, and that they never turn an order round."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.data.gallery import TEST
from pipeline.steps.ensemble.blending import Weighted
from pipeline.steps.ensemble.pairs import Calibrated, Isotonic, Logistic
from tests.pipeline.steps.ensemble.synthetic import HELD, fold_of

KINDS = [Logistic, Isotonic]


def drawn(count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose log-odds of being the same animal are 3 x - 4."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0.8, 0.6, count)
    return scores, rng.random(count) < 1 / (1 + np.exp(4 - 3 * scores))


@pytest.mark.parametrize("kind", KINDS)
def test_the_true_log_odds_are_found(kind):
    scores, same = drawn()
    found = kind().fit(scores, same, np.ones(len(scores))).log_odds(np.array([0.6, 1.0, 1.6]))
    assert found == pytest.approx([-2.2, -1.0, 0.8], abs=0.45)


@pytest.mark.parametrize("kind", KINDS)
def test_no_order_is_turned_round(kind):
    scores, same = drawn(300)
    found = kind().fit(scores, same, np.ones(300)).log_odds(np.sort(scores))
    assert (np.diff(found) >= -1e-12).all()


def test_steps_by_hand():
    scores = np.array([1.0, 2, 3, 4, 5, 6])
    same = np.array([False, False, True, False, True, True])
    fitted = Isotonic().fit(scores, same, np.ones(6))
    # steps: {1, 2} with none of 2, {3, 4} with 1 of 2, {5, 6} with 2 of 2
    assert fitted.scores_.tolist() == [1.5, 3.5, 5.5]
    assert fitted.log_odds_ == pytest.approx(np.log([0.5 / 2.5, 1, 2.5 / 0.5]))
    middle = (np.log(0.2) + 0) / 2
    assert fitted.log_odds(np.array([-9, 2.5, 99])) == pytest.approx(
        [np.log(0.2), middle, np.log(5)]
    )


def test_a_pair_of_weight_2_counts_as_two():
    scores, same = np.array([1.0, 2, 3]), np.array([False, True, True])
    twice = Isotonic().fit(
        np.array([1.0, 2, 3, 3]), np.array([False, True, True, True]), np.ones(4)
    )
    weighted = Isotonic().fit(scores, same, np.array([1.0, 1, 2]))
    # weights are shares of their mean: 3 pairs, of which the step {2, 3} holds 9 / 4
    assert weighted.scores_ == pytest.approx(twice.scores_)
    assert weighted.log_odds_[1] == pytest.approx(np.log((2.25 + 0.5) / 0.5))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("same", [[False] * 3, [True] * 3])
def test_pairs_of_one_kind_and_equal_scores(kind, same):
    scores = np.full(3, 0.5)
    found = kind().fit(scores, np.array(same), np.ones(3)).log_odds(np.array([0.5, 7.0]))
    assert np.isfinite(found).all()


@pytest.mark.parametrize("kind", ["logistic", "isotonic"])
def test_a_blend_is_fitted_on_the_pairs_log_odds(kind):
    part = fold_of(0)
    held = part.only((part.queries["kind"] != TEST).to_numpy())
    # a score that is twisted beyond use for a straight line, in the same order
    twisted = held.scores.assign(**{"one.nearest": np.exp(3 * held.scores["one.nearest"])})
    weights = np.ones(HELD)
    fitted = Calibrated(Weighted(), kind).fit(held, weights)
    assert np.isfinite(fitted.log_odds(held)).all()
    if kind == "isotonic":
        again = Calibrated(Weighted(), kind).fit(replace(held, scores=twisted), weights)
        assert again.pairs_["one.nearest"].log_odds_ == pytest.approx(
            fitted.pairs_["one.nearest"].log_odds_
        )


def test_one_right_pair_among_the_lowest_scores_spoils_nothing():
    scores = np.arange(2000.0)
    same = np.random.default_rng(0).random(2000) < 1 / (1 + np.exp(9 - scores / 200))
    same[:10] = False
    plain = Isotonic().fit(scores, same, np.ones(2000)).log_odds(np.array([300.0, 1700]))
    same[1] = True
    stray = Isotonic().fit(scores, same, np.ones(2000)).log_odds(np.array([300.0, 1700]))
    assert stray[0] < -4 and stray[1] == pytest.approx(plain[1])
