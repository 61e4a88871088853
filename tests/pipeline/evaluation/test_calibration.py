"""The conditional logit: finite differences, known weights, and its degenerate cases."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation import calibration
from pipeline.evaluation.calibration import Choices, SoftmaxCalibration

WEIGHTS, NEW = np.array([2.0, 0.7]), 1.5


def simulate(queries: int, seed: int = 0, candidates: int = 6) -> Choices:
    """Queries that choose among their candidates and new_whale by the known WEIGHTS and NEW."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(queries, candidates, 2))
    utility = np.concatenate([scores @ WEIGHTS, np.full((queries, 1), NEW)], axis=1)
    chosen = (utility + rng.gumbel(size=utility.shape)).argmax(axis=1)
    right = np.arange(candidates) == chosen[:, None]
    query = np.repeat(np.arange(queries), candidates)
    new = chosen == candidates
    return Choices(scores.reshape(-1, 2), query, right.ravel(), new, np.ones(queries))


def select(choices: Choices, queries: list[int]) -> Choices:
    """These queries, one after another, as often as they are named."""
    rows = [np.flatnonzero(choices.query == query) for query in queries]
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
    for query in range(len(choices.new)):
        rows = choices.query == query
        utilities = np.append(choices.scores[rows] @ theta[:-1], theta[-1])
        posterior = np.exp(utilities) / np.exp(utilities).sum()
        right = np.append(choices.right[rows], choices.new[query])
        if right.any():
            total -= choices.weights[query] * np.log(posterior[right].sum())
            weight += choices.weights[query]
    return total / weight + 0.5 * calibration.PENALTY * (theta[:-1] @ theta[:-1])


THETAS = [np.array([1.0, -0.5, 0.3]), np.array([0.0, 0.0, 4.0])]


@pytest.mark.parametrize("theta", THETAS)
def test_the_gradient_equals_finite_differences(theta):
    choices = replace(simulate(30), weights=np.linspace(0, 2, 30))
    _, gradient = calibration._negative_likelihood(theta, choices, choices.scores)
    for step, slope in zip(1e-6 * np.eye(3), gradient, strict=True):
        above, below = naive_loss(theta + step, choices), naive_loss(theta - step, choices)
        assert slope == pytest.approx((above - below) / 2e-6, abs=1e-6)


@pytest.mark.parametrize("theta", THETAS)
def test_the_loss_is_the_naive_one(theta):
    choices = simulate(30)
    loss, _ = calibration._negative_likelihood(theta, choices, choices.scores)
    assert loss == pytest.approx(naive_loss(theta, choices))


def test_the_fit_recovers_known_weights():
    choices = simulate(4000)
    fitted = SoftmaxCalibration().fit(choices)
    assert fitted.weights_ / fitted.spread_ == pytest.approx(WEIGHTS, abs=0.15)
    at_zero = fitted.log_odds(np.zeros((1, 2)))
    assert -at_zero == pytest.approx([NEW], abs=0.15)


def test_the_softmax_by_hand():
    """Utilities log 1, log 3 against log 4 for new: 1/8, 3/8, 4/8. Alone, log 4: 1/2."""
    utilities, query = np.log([1, 3, 4]), np.array([0, 0, 1])
    posterior, new, total = calibration.softmax(utilities, np.log(4), query, 3)
    assert posterior == pytest.approx([1 / 8, 3 / 8, 1 / 2])
    assert new == pytest.approx([1 / 2, 1 / 2, 1])  # the third query has no candidate
    assert total == pytest.approx(np.log([8, 8, 4]))


@pytest.mark.parametrize("scale", [1, 1000])
def test_the_softmax_sums_to_1_and_never_overflows(scale):
    rng = np.random.default_rng(0)
    query = np.sort(rng.integers(0, 20, 100))
    posterior, new, _ = calibration.softmax(scale * rng.normal(size=100), 0.3, query, 20)
    assert np.bincount(query, posterior, 20) + new == pytest.approx(np.ones(20))


def test_a_missing_score_becomes_the_lowest_of_its_query():
    nan = np.nan
    scores = pd.DataFrame({"a": [0.9, nan, 0.5, nan, nan], "b": [nan, 1.0, 2.0, 3.0, 0.5]})
    filled = calibration.fill_missing(scores, np.array([0, 0, 0, 1, 1]))
    # query 1 has no score of a: a's lowest anywhere
    assert filled[:, 0].tolist() == [0.9, 0.5, 0.5, 0.5, 0.5]
    assert filled[:, 1].tolist() == [1.0, 1.0, 2.0, 3.0, 0.5]


def assert_equal_fits(one, other):
    """The likelihood and its gradient are equal."""
    theta = np.array([0.4, 0.2, 1.0])
    found = calibration._negative_likelihood(theta, one, one.scores)
    expected = calibration._negative_likelihood(theta, other, other.scores)
    assert found[0] == pytest.approx(expected[0])
    assert found[1] == pytest.approx(expected[1])


def test_a_query_without_its_truth_has_no_effect_on_a_fit():
    choices = simulate(50)
    lost = select(choices, [*range(50), 0, 1])
    lost.right[lost.query >= 50] = False
    lost.new[50:] = False
    assert_equal_fits(lost, choices)


def test_a_weight_of_2_is_the_query_twice():
    choices = simulate(40)
    twice = select(choices, [*range(40), *range(20)])
    weighted = replace(choices, weights=np.repeat([2.0, 1.0], 20))
    assert_equal_fits(weighted, twice)


def test_weights_change_the_fit():
    choices = simulate(300)
    bold = SoftmaxCalibration().fit(replace(choices, weights=np.where(choices.new, 0.1, 1.0)))
    shy = SoftmaxCalibration().fit(replace(choices, weights=np.where(choices.new, 10.0, 1.0)))
    assert shy.new_utility_ > bold.new_utility_ + 1


def test_a_constant_score_has_no_effect_even_if_it_varies_later():
    choices = simulate(200)
    flat = replace(choices, scores=np.column_stack([choices.scores, np.full(1200, 0.1)]))
    fitted = SoftmaxCalibration().fit(flat)
    plain = SoftmaxCalibration().fit(choices)
    later = np.array([[1.0, 0.5, 0.1], [1.0, 0.5, 0.3]])
    assert fitted.log_odds(later) == pytest.approx(plain.log_odds(later[:, :2]), abs=0.02)


def test_a_score_that_misleads_gets_no_negative_weight():
    choices = simulate(200)
    fitted = SoftmaxCalibration().fit(replace(choices, scores=-choices.scores))
    assert fitted.weights_.tolist() == [0, 0]


@pytest.mark.parametrize("new", [False, True])
def test_everything_stays_finite_if_all_or_none_are_new(new):
    choices = simulate(60)
    alike = select(choices, np.flatnonzero(choices.new == new).tolist())
    fitted = SoftmaxCalibration().fit(alike)
    assert np.isfinite(fitted.new_utility_) and np.isfinite(fitted.weights_).all()
    assert np.isfinite(fitted.log_odds(choices.scores)).all()
    _, posterior, _ = calibration.softmax(
        fitted.log_odds(alike.scores), 0.0, alike.query, len(alike.new)
    )
    assert (posterior.mean() > 0.99) if new else (posterior.mean() < 0.01)


def test_a_single_query_with_a_single_candidate():
    lone = Choices(
        np.array([[0.8]]), np.array([0]), np.array([True]), np.array([False]), np.ones(1)
    )
    fitted = SoftmaxCalibration().fit(lone)
    assert np.isfinite(fitted.log_odds(np.array([[0.1], [0.8]]))).all()
