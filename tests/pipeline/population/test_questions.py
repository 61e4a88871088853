"""Which candidate comes next, and when a photograph is settled."""

import numpy as np

from pipeline.population.collection import Path
from pipeline.population.matches import MEANS, Tally
from pipeline.population.questions import (
    AGAIN,
    DEEP,
    LEAST,
    LIKELIEST,
    MOST,
    RANDOM,
    choose_deep,
    list_questions,
)


def make_path(log_odds):
    count = len(log_odds)
    return Path(np.arange(count), np.array(log_odds, float), np.zeros(count), count)


def tally(count, same=(), different=(), unsure=()):
    """A tally in which each place named once more has one more decision."""
    return Tally(
        *(
            np.bincount(np.array(places, int), minlength=count)
            for places in (same, different, unsure)
        )
    )


def places(path, decisions):
    return [
        (question.place, question.reason) for question in list_questions(path, decisions, MEANS, 0)
    ]


def test_a_likely_candidate_comes_alone():
    assert places(make_path([3, 2, -5]), tally(3)) == [(0, LIKELIEST)]


def test_unlikely_candidates_come_together():
    assert [place for place, _ in places(make_path([-3, -4, -4.5, -6]), tally(4))] == [0, 1, 2, 3]


def test_a_likely_match_is_settled_by_one_decision():
    assert places(make_path([3, 2, -5]), tally(3, same=[0])) == []


def test_a_surprising_match_comes_again():
    assert places(make_path([-5, -6]), tally(2, same=[1], different=[0]))[0] == (1, AGAIN)


def test_a_surprising_match_is_settled_when_confirmed():
    assert places(make_path([-5, -6]), tally(2, same=[1, 1, 1], different=[0])) == []


def test_an_unsure_reviewer_gets_the_next_candidate():
    assert places(make_path([3, 2]), tally(2, unsure=[0]))[0][0] == 1


def test_the_model_alone_never_settles_a_photograph():
    """It is certain that there is no match: the first LEAST candidates come all the same."""
    path = make_path([-14] * 30)
    listed = [place for place, _ in places(path, tally(30))]
    assert listed == list(range(LEAST))


def test_deep_candidates_at_random_come_last_and_settle():
    path = make_path([-12] * 30)
    after = places(path, tally(30, different=range(LEAST)))
    assert [reason for _, reason in after] == [RANDOM] * DEEP
    deep = [place for place, _ in after]
    assert places(path, tally(30, different=[*range(LEAST), *deep])) == []


def test_a_photograph_without_candidates_is_settled():
    assert places(make_path([]), tally(0)) == []


def test_a_single_candidate_is_settled_by_two_decisions():
    assert places(make_path([1.0]), tally(1)) == [(0, LIKELIEST)]
    assert places(make_path([1.0]), tally(1, different=[0, 0])) == []


def test_no_photograph_takes_more_than_its_share():
    assert places(make_path([0.0] * 80), tally(80, different=range(MOST))) == []


def test_deep_places_are_the_same_for_a_seed_and_mostly_near():
    assert choose_deep(300, 5).tolist() == choose_deep(300, 5).tolist()
    drawn = np.concatenate([choose_deep(300, seed) for seed in range(200)])
    assert drawn.min() >= LEAST
    assert 30 < np.median(drawn) < 70  # half of the weight 1 / rank from 5 to 300 is up to 39
    assert choose_deep(LEAST, 0).tolist() == []
    assert choose_deep(LEAST + 2, 0).tolist() == [LEAST, LEAST + 1]
