"""The hazard of a match along a path, and its fit to decisions."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit, logit

from pipeline.population import matches
from pipeline.population.collection import Path
from pipeline.population.matches import MEANS, Tally

NO_REST = np.array([0, 1, 0, 1, -50, 1.25, logit(0.02), logit(0.04)])


def make_path(log_odds, earlier=None):
    count = len(log_odds)
    return Path(np.arange(count), np.array(log_odds, float), np.zeros(count), earlier or count)


def make_tally(same, different, unsure=None):
    unsure = np.zeros(len(same), int) if unsure is None else np.array(unsure)
    return Tally(np.array(same, int), np.array(different, int), unsure)


def draw_table(rng, paths=60, length=12, slope=1.0, shift=0.0, mistakes=(0.0, 0.0)):
    """Paths with every decision, whose true hazard is a given function of the log-odds."""
    listed, tallies = [], []
    for _ in range(paths):
        log_odds = np.sort(rng.normal(-1, 2, length))[::-1]
        match = rng.random(length) < expit(shift + slope * log_odds)
        wrong = rng.random(length) < np.where(match, mistakes[1], mistakes[0])
        listed.append(make_path(log_odds))
        tallies.append(make_tally(match ^ wrong, ~(match ^ wrong)))
    return matches.join_paths(listed, tallies)


def test_without_decisions_a_first_photograph_is_the_product_of_no_match():
    paths = [make_path([0, 0]), make_path([]), make_path([logit(0.9)])]
    tallies = [make_tally([0, 0], [0, 0]), make_tally([], []), make_tally([0], [0])]
    first = matches.compute_first(NO_REST, matches.join_paths(paths, tallies))
    assert first == pytest.approx([0.25, 1, 0.1])


def test_decisions_change_the_odds_by_bayes_rule():
    """Odds 1: "same" times .96 / .02, "different" times .04 / .98."""
    paths = [make_path([0])] * 3
    tallies = [make_tally([1], [0]), make_tally([0], [1]), make_tally([1], [1])]
    first = matches.compute_first(NO_REST, matches.join_paths(paths, tallies))
    odds = np.array([0.96 / 0.02, 0.04 / 0.98, 0.96 / 0.02 * 0.04 / 0.98])
    assert first == pytest.approx(1 / (1 + odds))


@pytest.mark.parametrize("decay", [0.8, 1.0, 1.5])
def test_what_lies_beyond_a_path_is_the_sum_over_its_ranks(decay):
    values = NO_REST.copy()
    values[4:6] = np.log(0.01), decay
    path = make_path([-14.0] * 20, earlier=2000)
    first = matches.compute_first(
        values, matches.join_paths([path], [make_tally([0] * 20, [0] * 20)])
    )
    hazards = 0.01 * np.arange(1, 2001.0) ** -decay
    assert first == pytest.approx(np.exp(np.log1p(-hazards).sum()), rel=1e-3)


def test_the_gradient_is_that_of_differences():
    rng = np.random.default_rng(0)
    table = draw_table(rng, 5, mistakes=(0.1, 0.1))
    values = MEANS + rng.normal(size=len(MEANS)) * 0.2
    numeric = approx_fprime(values, lambda at: matches.compute_cost(at, table)[0], 1e-6)
    assert matches.compute_cost(values, table)[1] == pytest.approx(numeric, rel=1e-3, abs=1e-3)


def test_without_a_decision_the_fit_is_the_prior():
    table = matches.join_paths([make_path([0, 1])], [make_tally([0, 0], [0, 0])])
    fit = matches.fit(table)
    assert fit.values == pytest.approx(MEANS, abs=1e-4)
    spread = np.sqrt(np.diag(fit.root @ fit.root.T))
    assert spread == pytest.approx(matches.SPREADS, rel=1e-3)


def test_a_model_that_is_overconfident_is_corrected():
    table = draw_table(np.random.default_rng(1), 300, slope=0.5, shift=-1.0)
    values = matches.fit(table).values
    truth = expit(-1 + 0.5 * table.log_odds)
    assert np.abs(matches.compute_hazard(values, table) - truth).mean() < 0.02


def test_repeated_decisions_reveal_how_often_a_reviewer_errs():
    rng = np.random.default_rng(2)
    match = rng.random(300) < 0.5
    same = rng.binomial(4, np.where(match, 0.9, 0.05))
    table = matches.join_paths([make_path([0.0] * 300)], [make_tally(same, 4 - same)])
    rates = expit(matches.fit(table).values[6:])
    assert rates == pytest.approx([0.05, 0.1], abs=0.03)


def test_a_draw_is_as_uncertain_as_the_fit():
    fit = matches.Fit(np.array([1.0, -1.0]), np.array([[2.0, 0.0], [0.0, 0.5]]))
    draws = np.array([fit.draw(np.random.default_rng(seed)) for seed in range(400)])
    assert draws.mean(axis=0) == pytest.approx([1, -1], abs=0.3)
    assert draws.std(axis=0) == pytest.approx([2, 0.5], rel=0.15)
