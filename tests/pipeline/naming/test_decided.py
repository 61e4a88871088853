"""Decisions about photographs without a name, and what they leave of probabilities."""

import pandas as pd

from pipeline.naming.decided import Decided, apply_decisions, decide_all

IMAGES = pd.DataFrame(
    {"image": ["a0", "a1", "b0", "t0", "t1", "t2"], "split": ["train"] * 3 + ["test"] * 3}
)
KNOWN = {"a0": "a", "a1": "a", "b0": "b"}


def decide(*rows):
    decisions = pd.DataFrame(rows, columns=["image_a", "image_b", "decision"])
    return decide_all(decisions, IMAGES, KNOWN)


def test_what_is_the_same_has_one_name_by_way_of_others_too():
    found = decide(("t0", "a0", "same"), ("t0", "t1", "same"))
    assert found == {"t0": Decided("a"), "t1": Decided("a")}


def test_the_last_decision_on_a_pair_holds():
    assert decide(("t0", "a0", "same"), ("a0", "t0", "undo")) == {}
    assert decide(("t0", "a0", "unsure")) == {}


def test_what_differs_is_ruled_out_for_all_that_are_the_same():
    found = decide(("t0", "t1", "same"), ("t1", "a1", "different"), ("b0", "t2", "different"))
    assert found["t0"] == found["t1"] == Decided(others=frozenset("a"))
    assert found["t2"] == Decided(others=frozenset("b"))


def test_a_new_one():
    found = decide(("t0", "", "new"))
    assert found == {"t0": Decided(is_new=True)} and found["t0"].is_final


def test_a_name_given_in_the_review_holds_for_all_that_are_the_same():
    found = decide(("t0", "Anna", "name"), ("t0", "t1", "same"), ("t2", "Anna", "name"))
    assert found == dict.fromkeys(["t0", "t1", "t2"], Decided("Anna"))


def test_probabilities_after_decisions():
    rows = [("t0", "a", 0.5), ("t0", "b", 0.25), ("t0", "new_whale", 0.25)]
    rows += [(query, name, value) for query in ("t1", "t2") for _, name, value in rows[:3]]
    table = pd.DataFrame(rows, columns=["query", "identity", "posterior"])
    decided = {
        "t0": Decided(others=frozenset("a")),
        "t1": Decided("b", others=frozenset("a")),
        "t2": Decided(is_new=True),
        "gone": Decided("a"),
    }
    found = apply_decisions(table, decided).set_index(["query", "identity"])["posterior"]
    assert found.to_dict() == {
        ("t0", "b"): 0.5,
        ("t0", "new_whale"): 0.5,
        ("t1", "b"): 1.0,
        ("t1", "new_whale"): 0.0,
        ("t2", "new_whale"): 1.0,
    }
