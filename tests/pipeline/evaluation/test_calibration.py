"""The conditional logit against finite differences, known weights, and its degenerate cases."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation import calibration
from pipeline.evaluation.calibration import Choices, SoftmaxCalibration

WEIGHTS, NEW = np.array([2.0, 0.7]), 1.5


def simulated(queries: int, seed: int = 0, candidates: int = 6) -> Choices:
    """Queries that choose among their candidates and new_whale by the known WEIGHTS and NEW."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(queries, candidates, 2))
    utility = np.concatenate([scores @ WEIGHTS, np.full((queries, 1), NEW)], axis=1)
    chosen = (utility + rng.gumbel(size=utility.shape)).argmax(axis=1)
    right = np.arange(candidates) == chosen[:, None]
    query = np.repeat(np.arange(queries), candidates)
    new = chosen == candidates
    return Choices(scores.reshape(-1, 2), query, right.ravel(), new, np.ones(queries))


def only(choices: Choices, queries: list[int]) -> Choices:
    """These queries, one after another, as often as they are named."""
    rows = [np.flatnonzero(choices.query == one) for one in queries]
    taken = np.concatenate(rows)
    return Choices(
        choices.scores[taken],
        np.repeat(np.arange(len(queries)), [len(row) for row in rows]),
        choices.right[taken],
        choices.new[queries],
        choices.weights[queries],
    )


def naive_loss(theta: np.ndarray, choices: Choices) -> float:
    """Minus the weighted mean log-posterior of the truth, query by query."""
    total = weight = 0.0
    for one in range(len(choices.new)):
        own = choices.query == one
        utilities = np.append(choices.scores[own] @ theta[:-1], theta[-1])
        posterior = np.exp(utilities) / np.exp(utilities).sum()
        right = np.append(choices.right[own], choices.new[one])
        if right.any():
            total -= choices.weights[one] * np.log(posterior[right].sum())
            weight += choices.weights[one]
    return total / weight + 0.5 * calibration.PENALTY * (theta[:-1] @ theta[:-1])


THETAS = [np.array([1.0, -0.5, 0.3]), np.array([0.0, 0.0, 4.0])]


@pytest.mark.parametrize("theta", THETAS)
def test_the_gradient_is_that_of_finite_differences(theta):
    choices = replace(simulated(30), weights=np.linspace(0, 2, 30))
    _, gradient = calibration._negative_likelihood(theta, choices, choices.scores)
    step = 1e-6 * np.eye(3)
    for own, slope in zip(step, gradient, strict=True):
        above, below = naive_loss(theta + own, choices), naive_loss(theta - own, choices)
        assert slope == pytest.approx((above - below) / 2e-6, abs=1e-6)


@pytest.mark.parametrize("theta", THETAS)
def test_the_loss_is_the_naive_one(theta):
    choices = simulated(30)
    loss, _ = calibration._negative_likelihood(theta, choices, choices.scores)
    assert loss == pytest.approx(naive_loss(theta, choices))


def test_known_weights_are_found_again():
    choices = simulated(4000)
    fitted = SoftmaxCalibration().fit(choices)
    assert fitted.weights_ / fitted.spread_ == pytest.approx(WEIGHTS, abs=0.15)
    at_zero = fitted.log_odds(np.zeros((1, 2)))
    assert -at_zero == pytest.approx([NEW], abs=0.15)


def test_the_softmax_by_hand():
    """Utilities log 1, log 3 against log 4 for new: 1/8, 3/8, 4/8. Alone, log 4: 1/2."""
    utilities, query = np.log([1, 3, 4]), np.array([0, 0, 1])
    each, new, total = calibration.softmax(utilities, np.log(4), query, 3)
    assert each == pytest.approx([1 / 8, 3 / 8, 1 / 2])
    assert new == pytest.approx([1 / 2, 1 / 2, 1])  # the third query has no candidate
    assert total == pytest.approx(np.log([8, 8, 4]))


@pytest.mark.parametrize("scale", [1, 1000])
def test_the_softmax_sums_to_1_and_never_overflows(scale):
    rng = np.random.default_rng(0)
    query = np.sort(rng.integers(0, 20, 100))
    each, new, _ = calibration.softmax(scale * rng.normal(size=100), 0.3, query, 20)
    assert np.bincount(query, each, 20) + new == pytest.approx(np.ones(20))


def test_a_silent_source_takes_the_querys_lowest_score():
    nan = np.nan
    scores = pd.DataFrame({"a": [0.9, nan, 0.5, nan, nan], "b": [nan, 1.0, 2.0, 3.0, 0.5]})
    filled = calibration.fill_missing(scores, np.array([0, 0, 0, 1, 1]))
    # query 1 hears nothing of a at all: a's lowest anywhere
    assert filled[:, 0].tolist() == [0.9, 0.5, 0.5, 0.5, 0.5]
    assert filled[:, 1].tolist() == [1.0, 1.0, 2.0, 3.0, 0.5]


def assert_teach_the_same(one, other):
    """The likelihood and its gradient are equal."""
    theta = np.array([0.4, 0.2, 1.0])
    found = calibration._negative_likelihood(theta, one, one.scores)
    expected = calibration._negative_likelihood(theta, other, other.scores)
    assert found[0] == pytest.approx(expected[0])
    assert found[1] == pytest.approx(expected[1])


def test_a_query_whose_truth_is_missing_teaches_nothing():
    choices = simulated(50)
    lost = only(choices, [*range(50), 0, 1])
    lost.right[lost.query >= 50] = False
    lost.new[50:] = False
    assert_teach_the_same(lost, choices)


def test_a_weight_of_2_is_the_query_twice():
    choices = simulated(40)
    twice = only(choices, [*range(40), *range(20)])
    weighted = replace(choices, weights=np.repeat([2.0, 1.0], 20))
    assert_teach_the_same(weighted, twice)


def test_weights_change_what_is_learned():
    choices = simulated(300)
    bold = SoftmaxCalibration().fit(replace(choices, weights=np.where(choices.new, 0.1, 1.0)))
    shy = SoftmaxCalibration().fit(replace(choices, weights=np.where(choices.new, 10.0, 1.0)))
    assert shy.new_ > bold.new_ + 1


def test_a_constant_score_says_nothing_even_where_it_varies_later():
    choices = simulated(200)
    flat = replace(choices, scores=np.column_stack([choices.scores, np.full(1200, 0.1)]))
    fitted = SoftmaxCalibration().fit(flat)
    plain = SoftmaxCalibration().fit(choices)
    later = np.array([[1.0, 0.5, 0.1], [1.0, 0.5, 0.3]])
    assert fitted.log_odds(later) == pytest.approx(plain.log_odds(later[:, :2]), abs=0.02)


def test_a_score_that_misleads_gets_no_negative_weight():
    choices = simulated(200)
    fitted = SoftmaxCalibration().fit(replace(choices, scores=-choices.scores))
    assert fitted.weights_.tolist() == [0, 0]


@pytest.mark.parametrize("new", [False, True])
def test_where_all_or_none_are_new_everything_stays_finite(new):
    choices = simulated(60)
    alike = only(choices, np.flatnonzero(choices.new == new).tolist())
    fitted = SoftmaxCalibration().fit(alike)
    assert np.isfinite(fitted.new_) and np.isfinite(fitted.weights_).all()
    assert np.isfinite(fitted.log_odds(choices.scores)).all()
    _, share, _ = calibration.softmax(
        fitted.log_odds(alike.scores), 0.0, alike.query, len(alike.new)
    )
    assert (share.mean() > 0.99) if new else (share.mean() < 0.01)


def test_a_single_query_with_a_single_candidate():
    lone = Choices(
        np.array([[0.8]]), np.array([0]), np.array([True]), np.array([False]), np.ones(1)
    )
    fitted = SoftmaxCalibration().fit(lone)
    assert np.isfinite(fitted.log_odds(np.array([[0.1], [0.8]]))).all()
