"""What is asked after photographs of two names were called the same."""

import pandas as pd
import pytest
from scipy.special import expit

from pipeline.review.follow_ups import FOLLOW_UP, list_follow_ups
from pipeline.review.state import State

NAMES = pd.Series({"a1": "A", "a2": "A", "b1": "B", "b2": "B", "c1": "C"})


def build_pairs(*rows):
    table = pd.DataFrame(rows, columns=["photograph", "other", "probability"])
    return table.assign(evidence=0.0, exceeds=0.0)


def list_pairs(ranked):
    return list(zip(ranked["photograph"], ranked["other"], strict=True))


def test_after_same_each_photograph_is_compared_with_another_of_its_name():
    # of b2 and b1 only what b1 is as the query: b2 in the gallery has taught the network its name
    rows = ["a1", "a2", 0.1], ["b1", "b2", 0.9], ["b2", "b1", 0.99]
    pairs = build_pairs(*rows).assign(evidence=[-2.0, 3.0, 9.0])
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
