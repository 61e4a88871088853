"""The number of individuals from decisions on a sample, on collections that a person can count."""

import itertools

import numpy as np
import pytest

from pipeline.population.collection import Collection, order_nodes
from pipeline.population.count import Survey, estimate, predict_number, tally_decisions

ALL = 1e-9  # a half-width that takes every photograph


def make_collection(individuals, known=0, noise=0.0, seed=0):
    """Log-odds of 3 for the same individual and -5 for others, with noise; and the truth."""
    individuals = np.array(individuals)
    rng = np.random.default_rng(seed)
    error = rng.normal(size=(len(individuals),) * 2) * noise
    log_odds = np.where(individuals[:, None] == individuals, 3.0, -5.0) + error + error.T
    np.fill_diagonal(log_odds, -14)
    log_odds[:known, :known] = -14
    order = order_nodes(log_odds, known)
    return Collection(known, log_odds[np.ix_(order, order)]), individuals[order]


def answer_all(survey, truth):
    """Answer every question rightly, until none is open."""
    decisions = {}
    for _ in range(50):
        review = survey.review(decisions)
        if not review.questions:
            return review
        for photograph, candidate, _ in review.questions:
            is_same = truth[photograph] == truth[candidate]
            decided = decisions.setdefault(photograph, {})
            same, different, unsure = decided.get(candidate, (0, 0, 0))
            decided[candidate] = (same + is_same, different + (not is_same), unsure)
    raise AssertionError("questions never end")


@pytest.mark.parametrize(
    ("individuals", "known"),
    [
        ([0], 0),
        ([0, 0], 0),
        ([0, 1], 0),
        ([0, 0, 0, 0, 0, 0], 0),
        ([0, 1, 2, 3, 4, 5], 0),
        ([0, 1, 0, 1, 1, 2], 2),
        (np.repeat(range(12), 3), 0),
    ],
)
def test_with_every_photograph_reviewed_the_number_is_exact(individuals, known):
    collection, truth = make_collection(individuals, known)
    survey = Survey(collection, 0, ALL)
    count = survey.count(answer_all(survey, truth))
    true = len(set(individuals))
    assert count.reviewed == count.photographs == len(individuals) - known
    assert round(count.number) == true
    assert count.low <= true <= count.high <= len(individuals)


def test_a_pair_that_comes_again_need_not_hold_up_the_sample():
    """Photograph 39 matches one that it hardly could; all other pilot photographs are settled."""
    collection, truth = make_collection(range(40))
    survey = Survey(collection, 0, ALL)
    settled = answer_all(survey, truth)
    assert settled.counts.sum() == 40
    decisions = {
        node: {int(other): (0, 1, 0) for other in survey.trace(node).candidates}
        for node in range(40)
    }
    pilot = next(iter(survey.strata.sample(np.array([1]))))[0]
    node = max(int(pilot), 1)
    decisions[node][int(survey.trace(node).candidates[0])] = (1, 0, 0)
    waiting, going = (survey.review(decisions, wait) for wait in (True, False))
    assert {question.reason for *_, question in waiting.questions} == {"again"}
    assert waiting.counts.sum() < going.counts.sum() == 40


def test_a_matcher_that_is_wrong_is_outvoted_by_the_reviewer():
    """Its log-odds say little: the model alone is far off."""
    collection, truth = make_collection(np.repeat(range(30), 2), noise=3.0)
    survey = Survey(collection, 0, ALL)
    count = survey.count(answer_all(survey, truth))
    assert abs(count.predicted[0] - 30) > 8
    assert count.low <= 30 <= count.high
    assert abs(count.number - 30) < abs(count.predicted[0] - 30) / 4


def test_a_sample_costs_fewer_decisions_than_all_and_its_interval_is_wider():
    collection, truth = make_collection(np.repeat(range(60), 3), noise=1.0)
    counts = []
    for half_width in (0.2, ALL):
        survey = Survey(collection, 0, half_width)
        counts.append(survey.count(answer_all(survey, truth)))
    part, whole = counts
    assert part.reviewed < whole.reviewed == 180
    assert part.decisions < whole.decisions
    assert part.high - part.low > whole.high - whole.low
    assert all(count.low <= 60 <= count.high for count in counts)


def test_a_collection_without_photographs_has_its_known_individuals():
    survey = Survey(Collection(3, np.full((3, 3), -14.0)), 0, 0.1)
    review = survey.review({})
    count = survey.count(review)
    assert review.questions == []
    assert (count.number, count.low, count.high, count.photographs) == (3, 3, 3, 0)


def test_the_matcher_is_judged_by_the_first_candidate_of_photographs_with_a_match():
    collection, truth = make_collection(np.repeat(range(12), 3))
    survey = Survey(collection, 0, ALL)
    assert np.isnan(survey.count(survey.review({})).found_first)
    assert survey.count(answer_all(survey, truth)).found_first == 1


def test_nothing_at_all_is_no_individual():
    survey = Survey(Collection(0, np.zeros((0, 0))), 0, 0.1)
    assert survey.count(survey.review({})).number == 0


def test_equal_log_odds_are_a_tie_that_the_order_decides():
    collection = Collection(0, np.full((6, 6), -1.0))
    first, again = (Survey(collection, 0, ALL).review({}).questions for _ in range(2))
    assert first == again
    assert {candidate for photograph, candidate, _ in first if photograph == 1} == {0}


def test_the_mean_over_all_samples_is_the_true_number():
    """Six photographs in strata of four and two, of which two and one are reviewed."""
    firsts = np.array([1, 0, 0, 1, 1, 0])
    sizes, counts = np.array([4, 2]), np.array([2, 1])
    numbers = [
        estimate(firsts[[*some, other]], counts, sizes)
        for some in itertools.combinations(range(4), 2)
        for other in (4, 5)
    ]
    assert np.mean(numbers) == pytest.approx(firsts.sum())


def test_decisions_about_others_than_the_candidates_have_no_effect():
    collection, _ = make_collection([0, 0, 1])
    path = Survey(collection, 0, ALL).trace(2)
    tally = tally_decisions(2, path, {2: {int(path.candidates[1]): (1, 2, 3), 99: (1, 0, 0)}})
    assert [list(row) for row in tally] == [[0, 1], [0, 2], [0, 3]]


def test_the_model_alone_adds_up_its_probabilities():
    number, low, high = predict_number(np.array([0.5] * 4), 10)
    assert (number, low, high) == pytest.approx((12, 12 - 1.96, 12 + 1.96))
