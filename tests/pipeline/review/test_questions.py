"""Which pairs are questions, in which order, and how many are worth an answer."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from pipeline.review.questions import (
    FOLLOW_UP,
    State,
    count_worthwhile,
    list_follow_ups,
    rank_questions,
    select_open,
)

NAMES = pd.Series({"a1": "A", "a2": "A", "b1": "B", "b2": "B", "c1": "C"})


def build_pairs(*rows):
    table = pd.DataFrame(rows, columns=["photograph", "other", "probability"])
    return table.assign(evidence=0.0)


PAIRS = build_pairs(
    ["a1", "b1", 0.6], ["a2", "b2", 0.5], ["a1", "c1", 0.7], ["b1", "c1", 0.2], ["a1", "a2", 0.9]
)


def rank(pairs, *answers, names=NAMES, before=NAMES):
    return rank_questions(pairs, State(names, before, answers))


def list_pairs(ranked):
    return list(zip(ranked["photograph"], ranked["other"], strict=True))


def test_a_merge_of_several_comes_before_the_likelier_single_photograph():
    ranked = rank(PAIRS)
    # .6 x 1.5 and .5 x 1.6 of A and B; C has one photograph
    assert list_pairs(ranked) == [("a1", "b1"), ("a2", "b2"), ("a1", "c1"), ("b1", "c1")]
    assert ranked["gain"].tolist() == pytest.approx([0.9, 0.8, 0.7, 0.2])


def test_equal_gains_keep_the_order_given():
    names = pd.Series({"a": "A", "b": "B", "c": "C"})
    pairs = build_pairs(["a", "c", 0.5], ["a", "b", 0.5])
    assert list_pairs(rank(pairs, names=names, before=names)) == [("a", "c"), ("a", "b")]


def test_no_pairs_are_no_questions():
    assert rank(build_pairs()).empty and count_worthwhile(rank(build_pairs()), NAMES) == 0


def test_a_new_photograph_and_an_unsure_pair_are_not_compared_again():
    assert ("a1", "c1") not in list_pairs(rank(PAIRS, ("c1", "a1", "unsure")))
    assert list_pairs(rank(PAIRS, ("a1", "b1", "new"))) == [("a2", "b2"), ("b1", "c1")]


def is_open_naively(a, b, names, answers):
    """By loops over what follows from the answers."""
    for x, y, decision in answers:
        if decision == "unsure" and {x, y} == {a, b}:
            return False
    groups = [{image} for image in names.index]
    for x, y, decision in answers:
        if decision == "same":
            first, second = (next(g for g in groups if image in g) for image in (x, y))
            if first is not second:
                groups.remove(second)
                first |= second
    for x, y, decision in answers:
        for first, second in ((x, y), (y, x)):
            for one, other in ((a, b), (b, a)):
                like_first = any({one, first} <= group for group in groups)
                like_second = any({other, second} <= group for group in groups)
                like_second |= names[other] == names[second]
                if decision == "different" and like_first and like_second:
                    return False
    return names[a] != names[b]


@pytest.mark.parametrize("seed", range(5))
def test_open_pairs_equal_those_of_loops(seed):
    rng = np.random.default_rng(seed)
    images = [f"p{number}" for number in range(10)]
    names = pd.Series(rng.choice(["A", "B", "C", "D", "E"], 10), images)
    drawn = [sorted(rng.choice(images, 2, replace=False)) for _ in range(60)]
    answers = [(*pair, str(rng.choice(["same", "different", "unsure"]))) for pair in drawn[:6]]
    pairs = build_pairs(*([*pair, 0.5] for pair in drawn))
    expected = [is_open_naively(a, b, names, answers) for a, b in drawn]
    assert select_open(pairs, State(names, names, answers)).tolist() == expected
    assert any(expected) and not all(expected)


def test_after_same_each_photograph_is_compared_with_another_of_its_name():
    pairs = build_pairs(["a2", "a1", 0.1], ["b1", "b2", 0.9]).assign(evidence=[-2.0, 3.0])
    asked = list_follow_ups(pairs, State(NAMES, NAMES, [("b1", "a1", "same")]))
    assert list_pairs(asked) == [("b1", "b2"), ("a1", "a2")]
    assert set(asked["reason"]) == {FOLLOW_UP}
    assert asked["probability"].tolist() == pytest.approx(expit([3.0, -2.0]))
    # either name is wrong, or none; two photographs would be joined wrongly
    b, a = 1 - expit(3.0), 1 - expit(-2.0)
    total = b * (1 - a) + a * (1 - b) + (1 - a) * (1 - b)
    assert asked["gain"].tolist() == pytest.approx(
        [2 * b * (1 - a) / total, 2 * a * (1 - b) / total]
    )


def test_without_a_pair_the_alphabetically_first_is_compared_and_nothing_is_known():
    names = pd.Series({"a1": "A", "a3": "A", "a2": "A", "b1": "B"})
    asked = list_follow_ups(build_pairs(), State(names, names, [("a3", "b1", "same")]))
    assert list_pairs(asked) == [("a3", "a1")]  # b1 is alone with its name
    assert asked["probability"].tolist() == [0.5]


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (("a2", "a1", "different"), []),  # the wrong name is found
        (("a2", "a1", "same"), [("b1", "b2")]),
        (("a2", "a1", "unsure"), [("b1", "b2")]),
    ],
)
def test_a_compared_photograph_is_not_compared_again(answer, left):
    answers = [("b1", "a1", "same"), answer]
    assert list_pairs(list_follow_ups(build_pairs(), State(NAMES, NAMES, answers))) == left


def test_a_photograph_in_doubt_does_not_stand_for_its_name():
    answers = [("b1", "a1", "same"), ("a2", "c1", "same"), ("b2", "", "new")]
    assert list_follow_ups(build_pairs(), State(NAMES, NAMES, answers)).empty


def test_each_two_names_are_worth_one_answer():
    questions = rank(PAIRS)  # A and B twice, A and C, B and C
    assert count_worthwhile(questions, NAMES) == 3
    assert count_worthwhile(questions.assign(gain=[0.9, 0.8, 0.05, 0.05]), NAMES) == 1
