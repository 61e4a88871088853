"""Which photographs of one name are asked about, in which order, and when no more is worth it."""

import pandas as pd
import pytest

from pipeline.review.one_name import (
    CONFIRM,
    MATCHED,
    MISNAMED,
    TWO_ANIMALS,
    estimate_wrong,
    list_doubtful_names,
)
from pipeline.review.state import State

# a to c are matched, d with none; e and f with each other; another name has three matched ones
NAMES = pd.Series({**dict.fromkeys("abcdef", "A"), "x": "X", "y": "X", "z": "X", "n": "N"})
MATCHES = [("a", "b", 0.9), ("b", "c", 0.8), ("e", "f", 0.7), ("x", "y", 0.9), ("z", "y", 0.9)]
UNMATCHED = [("d", "a", 0.2), ("d", "c", 0.3), ("e", "a", 0.1), ("d", "x", 0.9)]
CONFIRMED = ("a", "b", "same")


def build_pairs(matches=MATCHES, unmatched=UNMATCHED):
    rows = [(*row, MATCHED) for row in matches] + [(*row, MATCHED - 0.01) for row in unmatched]
    return pd.DataFrame(rows, columns=["photograph", "other", "probability", "exceeds"])


def ask(*answers, pairs=None, names=NAMES, before=NAMES):
    table = list_doubtful_names(
        build_pairs() if pairs is None else pairs, State(names, before, answers)
    )
    return [(row.photograph, row.other, row.reason) for row in table.itertuples()]


def test_the_most_probable_pair_of_the_largest_side_is_confirmed_first():
    table = list_doubtful_names(build_pairs(), State(NAMES, NAMES, []))
    assert table[["photograph", "other", "reason"]].values.tolist() == [["a", "b", CONFIRM]]
    # nine photographs have a name of three or more, and two sides are apart
    assert table["gain"].tolist() == pytest.approx([9 * MISNAMED / 2 / 2])
    assert table["probability"].tolist() == [0.9]


def test_each_smaller_side_is_compared_with_a_confirmed_photograph():
    """d is more alike c, which was not called the same as another."""
    assert ask(CONFIRMED) == [("d", "a", TWO_ANIMALS), ("e", "a", TWO_ANIMALS)]
    assert ask(("c", "b", "same"))[0] == ("d", "c", TWO_ANIMALS)


@pytest.mark.parametrize(
    "answer",
    [("d", "c", "same"), ("a", "d", "different"), ("d", "a", "unsure"), ("d", "", "new")],
)
def test_a_side_with_an_answer_is_not_asked_about_again(answer):
    assert [row[0] for row in ask(CONFIRMED, answer)] == ["e"]


def test_a_photograph_that_has_another_name_by_now_is_left_out():
    names = NAMES.copy()
    names["d"] = "N"
    assert [row[0] for row in ask(CONFIRMED, names=names)] == ["e"]


def test_two_pairs_that_confirm_nothing_end_the_questions_on_a_name():
    assert ask(("b", "a", "unsure")) == [("b", "c", CONFIRM)]
    assert ask(("b", "a", "unsure"), ("c", "b", "unsure")) == []


def test_duplicates_that_are_called_the_same_confirm_nothing():
    """They are never compared with each other."""
    assert ask(("a", "c", "same")) == [("a", "b", CONFIRM)]


def test_an_answer_by_way_of_a_third_photograph_is_one():
    assert [row[0] for row in ask(CONFIRMED, ("d", "e", "same"), ("e", "a", "same"))] == []
    assert [row[0] for row in ask(CONFIRMED, ("d", "x", "same"), ("x", "a", "same"))] == ["e"]


@pytest.mark.parametrize(
    "pairs",
    [
        build_pairs([], UNMATCHED),  # nothing tells what the animal looks like
        build_pairs([("a", "b", 0.9)], [])[:0],
        build_pairs([(a, b, 0.9) for a, b in zip("abcdexy", "bcdefyz", strict=True)], []),
    ],
)
def test_no_matches_no_pairs_and_one_side_are_no_questions(pairs):
    assert ask(CONFIRMED, pairs=pairs) == []


def test_two_photographs_are_too_few_to_tell_which_one_is_wrong():
    names = pd.Series({"a": "A", "b": "A"})
    assert ask(pairs=build_pairs([], [("a", "b", 0.1)]), names=names, before=names) == []


def test_of_equal_sides_the_first_is_the_main_one():
    names = pd.Series(dict.fromkeys("abcd", "A"))
    pairs = build_pairs([("c", "d", 0.9), ("a", "b", 0.8)], [])
    assert ask(pairs=pairs, names=names, before=names) == [("a", "b", CONFIRM)]


def test_the_probability_follows_what_was_found():
    assert estimate_wrong([""] * 100, 1000) == pytest.approx(0.5)
    assert estimate_wrong(["same"] * 4 + [""] * 96, 1000) == pytest.approx(0.5 / 3)
    assert estimate_wrong(["different"] * 4 + ["unsure"] * 96, 1000) == pytest.approx(0.5 * 5 / 3)
    assert estimate_wrong(["different"] * 9, 1000) == 1.0
    assert estimate_wrong([], 1000) == 0.0


def test_answers_that_find_nothing_end_the_questions():
    """Twenty names of four, each with one photograph apart: .2 of them are expected wrong."""
    names = pd.Series({f"{n}{letter}": str(n) for n in range(20) for letter in "abcd"})
    pairs = build_pairs([(f"{n}a", f"{n}{other}", 0.9) for n in range(20) for other in "bc"], [])
    answers = [(f"{n}{other}", f"{n}a", "same") for n in range(20) for other in "b"]
    assert len(ask(*answers, pairs=pairs, names=names, before=names)) == 20
    answers += [(f"{n}d", f"{n}a", "same") for n in range(4)]
    assert len(ask(*answers, pairs=pairs, names=names, before=names)) == 16
    answers += [("4d", "4a", "same"), ("5d", "5a", "same")]
    assert ask(*answers, pairs=pairs, names=names, before=names) == []
