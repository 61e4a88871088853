"""Decisions on photographs without a label, said by the photographs in question."""

import pandas as pd

from pipeline import paths
from pipeline.data import tables
from pipeline.steps.labels.decided import load_decided, spread


def test_decisions_are_those_of_the_review(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = list("abcx")
    images = pd.DataFrame({"image": names, "split": "test", "identity": "", "sha256": names})
    images = images.assign(path="p", width=1, height=1, bytes=1)
    tables.write("images", images, paths.IMAGES)
    decisions = [("a", "x", "same"), ("x", "b", "same"), ("c", "x", "different")]
    table = pd.DataFrame(decisions, columns=["image_a", "image_b", "decision"])
    tables.write("review", table.assign(who="me", when="now"), paths.REVIEW)
    assert load_decided(["a", "b", "c"]) == ([("a", "b")], [("c", "a")])
    assert load_decided(["b", "c"]) == ([], [("c", "b")])
    assert load_decided([]) == ([], [])


def test_names_join_and_separate_by_way_of_others():
    names = {"a": "Anna", "x": "Anna", "b": "Bo", "c": "Cleo"}
    same = [(2, "x", "d"), (3, "b", "c")]
    joined, apart = spread(same, [], names, ["a", "b", "c", "d"])
    assert (joined, apart) == ([("a", "d"), ("b", "c")], [("a", "b")])


def test_decisions_are_said_by_the_photographs_in_question():
    same = [(2, "a", "x"), (3, "x", "b"), (4, "y", "z")]
    different = [(5, "b", "c"), (6, "y", "a"), (7, "z", "d")]
    joined, apart = spread(same, different, {}, ["a", "b", "c", "d"])
    assert (joined, apart) == ([("a", "b")], [("a", "c")])
