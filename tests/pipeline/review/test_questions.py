"""Which pairs are questions, in which order, and how many are worth an answer."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from pipeline.review.questions import count_worthwhile, rank_questions, select_open
from pipeline.review.state import State

NAMES = pd.Series({"a1": "A", "a2": "A", "b1": "B", "b2": "B", "c1": "C"})


def build_pairs(*rows):
    table = pd.DataFrame(rows, columns=["photograph", "other", "probability"])
    return table.assign(evidence=0.0, exceeds=0.0)


PAIRS = build_pairs(
    ["a1", "b1", 0.6], ["a2", "b2", 0.5], ["a1", "c1", 0.7], ["b1", "c1", 0.2], ["a1", "a2", 0.9]
)


def rank(pairs, *answers, names=NAMES, before=NAMES, original=None):
    return rank_questions(pairs, State(names, before, answers), original)


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
    if any({x, y} == {a, b} for x, y, _ in answers):
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
    assert select_open(pairs, State(names, names, answers), {}).tolist() == expected
    assert any(expected) and not all(expected)


@pytest.mark.parametrize("decision", ["different", "unsure"])
@pytest.mark.parametrize("pair", [("a1", "c1"), ("c1", "a2"), ("a2", "c1")])
def test_an_answer_on_a_photograph_is_one_on_its_duplicate(decision, pair):
    pairs = build_pairs(["a1", "c1", 0.7], ["c1", "a2", 0.6], ["b1", "c1", 0.5])
    original = {"a1": "a1", "a2": "a1"}
    assert list_pairs(rank(pairs, (*pair, decision), original=original)) == [("b1", "c1")]


def test_new_is_said_of_its_duplicates_too():
    pairs = build_pairs(["a1", "c1", 0.7], ["b1", "c1", 0.5])
    original = {"a1": "a1", "a2": "a1"}
    assert list_pairs(rank(pairs, ("a2", "", "new"), original=original)) == [("b1", "c1")]


def test_duplicates_that_were_called_different_are_questions_of_their_own():
    pairs = build_pairs(["a1", "c1", 0.7], ["c1", "b1", 0.6])
    answers = [("a1", "b1", "different"), ("a1", "c1", "unsure")]
    assert list_pairs(rank(pairs, *answers, original={"a1": "a1", "b1": "a1"})) == [("c1", "b1")]


def test_the_original_may_be_a_photograph_of_the_test():
    pairs = build_pairs(["a1", "c1", 0.7])
    assert list_pairs(rank(pairs, original={"a1": "t1", "t1": "t1"})) == [("a1", "c1")]


def test_each_two_names_are_worth_one_answer():
    questions = rank(PAIRS)  # A and B twice, A and C, B and C
    assert count_worthwhile(questions, NAMES) == 3
    assert count_worthwhile(questions.assign(gain=[0.9, 0.8, 0.05, 0.05]), NAMES) == 1


def test_a_pair_that_was_compared_both_ways_is_one_question():
    pairs = build_pairs(["a1", "c1", 0.3], ["c1", "a1", 0.4])
    assert list_pairs(rank(pairs)) == [("c1", "a1")]


def test_a_photograph_without_a_label_by_now_is_no_question():
    assert list_pairs(rank(PAIRS, names=NAMES.drop("c1"))) == [("a1", "b1"), ("a2", "b2")]


def test_a_photograph_that_has_lost_its_name_probably_shows_another_known_animal():
    """Four of five photographs have a name, two each: .8 x 2 of the five are expected."""
    before = pd.Series({"a1": "A", "a2": "A", "b1": "B", "b2": "B", "c1": "A"})
    names = before.where(before.index != "c1", "new_whale 4")
    pairs = build_pairs(["c1", "b1", 0.01], ["a1", "b2", 0.01]).assign(evidence=[1.0, 1.0])
    ranked = rank(pairs, names=names, before=before).set_index("photograph")["probability"]
    assert ranked["c1"] == pytest.approx(expit(1 + logit(0.8 * 2 / 5)))
    assert ranked["a1"] == 0.01
