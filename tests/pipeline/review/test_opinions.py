"""Answers of several reviewers: disputes, undo, and Cohen's kappa by hand."""

import math

import pytest

from pipeline.review.opinions import (
    DISPUTE,
    Opinions,
    collect_opinions,
    compute_kappa,
    measure_agreement,
)
from pipeline.steps.labels.verdicts import DECISIONS

KEY = ("a", "b")


def build_row(who, decision, a="a", b="b"):
    return {"image_a": a, "image_b": b, "decision": decision, "who": who, "when": ""}


def play(*moves):
    """The rows on one pair, and what they come to, after answers "who decision"."""
    rows = []
    for move in moves:
        opinions = collect_opinions(rows).get(KEY, Opinions())
        rows += opinions.answer(build_row(*move.split()))
    return [f"{row['who']} {row['decision']}" for row in rows], collect_opinions(rows)[KEY]


def test_reviewers_who_agree_need_no_more_answers():
    rows, opinions = play("Ada same", "Ben same")
    assert rows == ["Ada same", "Ben same"] and set(opinions.by) == {"Ada", "Ben"}
    assert not opinions.is_open and opinions.holds["decision"] == "same"


def test_a_reviewer_may_change_the_own_answer():
    rows, opinions = play("Ada same", "Ada different")
    assert rows == ["Ada same", "Ada different"] and not opinions.is_open


def test_a_disagreement_leaves_neither_answer_in_force():
    rows, opinions = play("Ada same", "Ben different")
    assert rows == ["Ada same", "Ben different", f"{DISPUTE} unsure"]
    assert opinions.is_open and opinions.holds["decision"] == "unsure"
    assert {who: row["decision"] for who, row in opinions.by.items()} == {
        "Ada": "same",
        "Ben": "different",
    }


def test_the_next_answer_settles_it_and_is_no_opinion():
    rows, opinions = play("Ada same", "Ben different", "Ada different")
    assert rows[-1] == "Ada different" and not opinions.is_open
    assert opinions.by["Ada"]["decision"] == "same"  # which did not know Ben's
    rows, opinions = play("Ada same", "Ben different", "Ada different", "Ada undo")
    assert rows[-2:] == ["Ada undo", f"{DISPUTE} unsure"] and opinions.is_open


def test_an_undo_gives_back_what_held_before():
    rows, opinions = play("Ada same", "Ben different", "Ben undo")
    assert rows[-2:] == ["Ben undo", "Ada same"]
    assert opinions.holds["who"] == "Ada" and set(opinions.by) == {"Ada"} and not opinions.is_open
    rows, opinions = play("Ada same", "Ada undo")
    assert rows[-1] == "Ada undo" and opinions.holds is None and not opinions.by


def test_the_name_in_a_dispute_is_no_decision():
    assert DISPUTE not in DECISIONS


def test_kappa_by_hand():
    # agreed: 3 of 4; by chance: same .5 x .75 + different .5 x .25 = .5
    answers = [("same", "same"), ("same", "same"), ("different", "different")]
    assert compute_kappa([*answers, ("different", "same")]) == pytest.approx((0.75 - 0.5) / 0.5)
    assert compute_kappa([("same", "different"), ("different", "same")]) == pytest.approx(-1)
    assert math.isnan(compute_kappa([("same", "same")] * 3))


def test_agreement_counts_the_pairs_that_both_have_answered():
    rows = [build_row("Ada", "same"), build_row("Ben", "same", "b", "a")]
    rows += [build_row("Ada", "same", "a", "c"), build_row("Ben", "different", "a", "c")]
    rows += [build_row("Cleo", "unsure", "a", "c"), build_row("Ada", "same", "a", "d")]
    table = measure_agreement(collect_opinions(rows).values())
    columns = ["first", "second", "pairs", "agreed"]
    assert table[columns].to_numpy().tolist() == [
        ["Ada", "Ben", 2, 1],
        ["Ada", "Cleo", 1, 0],
        ["Ben", "Cleo", 1, 0],
    ]
    assert table["kappa"][0] == pytest.approx(0)


def test_without_a_common_pair_there_is_no_agreement():
    assert measure_agreement(collect_opinions([build_row("Ada", "same")]).values()).empty
