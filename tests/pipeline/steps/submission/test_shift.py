"""Where new_whale lands, against a slow ranking loop."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import metrics
from pipeline.params import NewWhale
from pipeline.steps.submission import place, shift
from tests.conftest import ROOT

PLACES = params.load(ROOT / "tests/params.yaml").ensembles["card"].new_whale


def random_answers(count: int = 40, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Candidate rows (1 to 8 a query) and queries, known, lost and new ones."""
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


def naive_order(own: pd.DataFrame, at: float) -> list[str]:
    pairs = [(-row.log_odds, row.identity) for row in own.itertuples()] + [(-at, NEW_WHALE)]
    return [name for _, name in sorted(pairs)][:5]


@pytest.mark.parametrize("at", [-9.0, -1.3, 0.0, 0.7, 9.0])
def test_the_precision_is_that_of_the_rankings(at):
    """The fast count, place.rankings and a sorted list agree, query by query."""
    log_odds, queries = random_answers()
    fast = shift.answered(log_odds, queries).precision(at)
    ranked = place.rankings(place.posteriors(log_odds, at, {}, {}), [])[queries["image"]]
    slow = [naive_order(own, at) for _, own in log_odds.groupby("query", sort=False)]
    assert ranked.tolist() == slow
    assert fast == pytest.approx(metrics.precision_at_5(queries["truth"], slow))


def test_answers_by_hand():
    """a 2.0 and b 1.0 for a query that shows b: behind new at 1.5, first but one at .5."""
    rows = [("q", "b", 1.0), ("q", "a", 2.0)]
    log_odds = pd.DataFrame(rows, columns=["query", "identity", "log_odds"])
    queries = pd.DataFrame({"image": ["q"], "truth": ["b"], "weight": [1.0]})
    answered = shift.answered(log_odds, queries)
    assert answered.odds.tolist() == [[2, 1, -np.inf, -np.inf, -np.inf]]
    assert answered.truth_rank.tolist() == [1]
    assert [answered.precision(at)[0] for at in (2.5, 1.5, 0.5)] == [1 / 3, 1 / 3, 1 / 2]
    assert [answered.new_place(at)[0] for at in (2.5, 1.5, 0.5)] == [0, 1, 2]


def test_equal_log_odds_are_ordered_by_name():
    rows = [("q", name, 1.0) for name in "gfedcba"]
    log_odds = pd.DataFrame(rows, columns=["query", "identity", "log_odds"])
    queries = pd.DataFrame({"image": ["q"], "truth": ["c"], "weight": [1.0]})
    assert shift.answered(log_odds, queries).truth_rank.tolist() == [2]


@pytest.mark.parametrize("prior", [0.1, 0.276, 0.9])
def test_matched_gives_the_wanted_share(prior):
    log_odds, queries = random_answers(400)
    answered = shift.answered(log_odds, queries)
    first = answered.new_place(shift.matched(answered, prior)) == 0
    share = metrics.mean(first, answered.weights)
    assert prior <= share < prior + 2 * answered.weights.max() / answered.weights.sum()


def test_swept_is_the_best_of_all_shifts():
    answered = shift.answered(*random_answers(200))
    scores = [np.average(answered.precision(at), weights=answered.weights) for at in shift.SHIFTS]
    found = np.average(answered.precision(shift.swept(answered)), weights=answered.weights)
    assert found == pytest.approx(max(scores))
    assert max(scores) > min(scores)


def test_swept_takes_the_middle_of_a_plateau():
    """One new query whose best candidate has -2, one known at 2: all shifts between are right."""
    odds = np.full((2, 5), -np.inf)
    odds[:, 0] = [-2, 2]
    answered = shift.Answered(odds, np.array([5, 0]), np.array([True, False]), np.ones(2))
    assert shift.swept(answered) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(
    "method, expected", [("posterior", 0.0), ("never", 0.0), ("fixed", 1.25), ("prior", None)]
)
def test_every_method_has_its_shift(method, expected):
    answered = shift.answered(*random_answers())
    section = NewWhale(method=method, shift=1.25)
    expected = shift.matched(answered, 0.3) if expected is None else expected
    assert shift.chosen(section, answered, 0.3) == expected


def test_the_curve_says_what_every_shift_brings():
    answered = shift.answered(*random_answers())
    curve = shift.curve(answered)
    assert curve.columns.tolist() == ["shift", "map5", "new_share"]
    assert curve["new_share"].is_monotonic_increasing
    assert curve["map5"].max() == pytest.approx(
        np.average(answered.precision(shift.swept(answered)), weights=answered.weights)
    )
    assert curve["shift"].tolist() == pytest.approx(shift.SHIFTS.tolist())
