"""The place of new_whale, compared with a slow loop over rankings."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import metrics
from pipeline.params import NewWhale
from pipeline.steps.submission import place, shift


def sample_log_odds(count: int = 40, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Candidate rows (1 to 8 per query) and queries: known, without their identity, and new."""
    rng = np.random.default_rng(seed)
    rows, truths = [], []
    for query in range(count):
        names = [f"w{i}" for i in rng.permutation(20)[: rng.integers(1, 9)]]
        rows += [(f"q{query}", 0, name, rng.normal(scale=2)) for name in names]
        truths.append([NEW_WHALE, names[0], names[-1], "w99"][query % 4])
    table = pd.DataFrame(rows, columns=["query", "fold", "identity", "log_odds"])
    weights = rng.random(count) + 0.5
    images = [f"q{query}" for query in range(count)]
    return table, pd.DataFrame({"image": images, "truth": truths, "weight": weights})


def sort_labels(rows: pd.DataFrame, at: float) -> list[str]:
    pairs = [(-row.log_odds, row.identity) for row in rows.itertuples()] + [(-at, NEW_WHALE)]
    return [name for _, name in sorted(pairs)][:5]


@pytest.mark.parametrize("at", [-9.0, -1.3, 0.0, 0.7, 9.0])
def test_the_precision_equals_that_of_the_rankings(at):
    """The fast count, place.rank_labels and a sorted list agree, query by query."""
    log_odds, queries = sample_log_odds()
    fast = shift.collect_top_candidates(log_odds, queries).precision_at_5(at)
    ranked = place.rank_labels(place.compute_posteriors(log_odds, at), [])[queries["image"]]
    slow = [sort_labels(rows, at) for _, rows in log_odds.groupby("query", sort=False)]
    assert ranked.tolist() == slow
    assert fast == pytest.approx(metrics.precision_at_5(queries["truth"], slow))


def test_top_candidates_by_hand():
    """a 2.0 and b 1.0 for a query that shows b: behind new at 1.5, second at .5."""
    rows = [("q", "b", 1.0), ("q", "a", 2.0)]
    log_odds = pd.DataFrame(rows, columns=["query", "identity", "log_odds"])
    queries = pd.DataFrame({"image": ["q"], "truth": ["b"], "weight": [1.0]})
    top = shift.collect_top_candidates(log_odds, queries)
    assert top.log_odds.tolist() == [[2, 1, -np.inf, -np.inf, -np.inf]]
    assert top.truth_rank.tolist() == [1]
    assert [top.precision_at_5(at)[0] for at in (2.5, 1.5, 0.5)] == [1 / 3, 1 / 3, 1 / 2]
    assert [top.new_rank(at)[0] for at in (2.5, 1.5, 0.5)] == [0, 1, 2]


def test_equal_log_odds_are_ordered_by_name():
    rows = [("q", name, 1.0) for name in "gfedcba"]
    log_odds = pd.DataFrame(rows, columns=["query", "identity", "log_odds"])
    queries = pd.DataFrame({"image": ["q"], "truth": ["c"], "weight": [1.0]})
    assert shift.collect_top_candidates(log_odds, queries).truth_rank.tolist() == [2]


@pytest.mark.parametrize("prior", [0.1, 0.276, 0.9])
def test_matching_the_prior_puts_new_whale_first_that_often(prior):
    log_odds, queries = sample_log_odds(400)
    top = shift.collect_top_candidates(log_odds, queries)
    first = top.new_rank(shift.match_prior(top, prior)) == 0
    fraction = metrics.mean(first, top.weights)
    assert prior <= fraction < prior + 2 * top.weights.max() / top.weights.sum()


def test_sweeping_finds_the_best_of_all_shifts():
    top = shift.collect_top_candidates(*sample_log_odds(200))
    scores = [np.average(top.precision_at_5(at), weights=top.weights) for at in shift.SHIFTS]
    found = np.average(top.precision_at_5(shift.sweep_shift(top)), weights=top.weights)
    assert found == pytest.approx(max(scores))
    assert max(scores) > min(scores)


def test_sweeping_takes_the_middle_of_a_plateau():
    """One new query with -2 at best, one known with 2: all shifts between them are right."""
    odds = np.full((2, 5), -np.inf)
    odds[:, 0] = [-2, 2]
    top = shift.TopCandidates(odds, np.array([5, 0]), np.array([True, False]), np.ones(2))
    assert shift.sweep_shift(top) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(
    "method, expected", [("posterior", 0.0), ("never", 0.0), ("fixed", 1.25), ("prior", None)]
)
def test_the_shift_of_every_method(method, expected):
    top = shift.collect_top_candidates(*sample_log_odds())
    section = NewWhale(method=method, shift=1.25)
    expected = shift.match_prior(top, 0.3) if expected is None else expected
    assert shift.fit_shift(section, top, 0.3) == expected


def test_the_curve_has_map5_and_the_fraction_of_new_answers_for_every_shift():
    top = shift.collect_top_candidates(*sample_log_odds())
    curve = shift.build_curve(top)
    assert curve.columns.tolist() == ["shift", "map5", "new_share"]
    assert curve["new_share"].is_monotonic_increasing
    assert curve["map5"].max() == pytest.approx(
        np.average(top.precision_at_5(shift.sweep_shift(top)), weights=top.weights)
    )
    assert curve["shift"].tolist() == pytest.approx(shift.SHIFTS.tolist())


def test_the_balanced_sweep_weighs_individuals_not_photographs():
    """Known a has five photographs at 4 and b one at -2; new ones lie at -1 and at -3.

    Above -1, b is lost: sqrt(1/2 x 1). Below -2 one new is lost: sqrt(1 x 1/2). From -3 to -2
    and above -1 they are alike; in between both are lost.
    """
    odds = np.full((8, 5), -np.inf)
    odds[:, 0] = [4, 4, 4, 4, 4, -2, -1, -3]
    new = np.array([False] * 6 + [True] * 2)
    top = shift.TopCandidates(odds, np.where(new, 5, 0), new, np.ones(8))
    individuals = pd.Series(list("aaaaabxy"))
    at = shift.sweep_balanced(top, individuals)
    known = np.mean([at < 4, at < -2])
    unknown = np.mean([at >= -1, at >= -3])
    assert np.sqrt(known * unknown) == pytest.approx(np.sqrt(1 / 2))
    odds[5, 0] = 0  # b is above both
    at = shift.sweep_balanced(
        shift.TopCandidates(odds, top.truth_rank, new, np.ones(8)), individuals
    )
    assert -1 <= at < 0
