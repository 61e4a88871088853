import pandas as pd

from pipeline.steps.report import copies

GROUPS = pd.DataFrame({"image": list("abcdef"), "group": [0, 0, 2, 2, 4, 2]})
IMAGES = pd.DataFrame({"image": list("abcdef"), "identity": ["x", "x", "x", "y", "z", ""]})
LABELS = pd.DataFrame(
    {"image": ["a", "b", "c", "f", "e"], "identity": ["x", "x", "y", "y", "z"]}
).assign(only_fold=["", "", "", "0", ""])


def test_copies_with_what_was_decided():
    """c became y, d was dropped; f is the test's, and a pseudo-label is no decision."""
    conflict, plain = copies.groups(GROUPS, IMAGES, LABELS)
    assert conflict == {"g": ["c", "d", "f"], "l": ["x", "y", ""], "d": ["y", "", ""], "c": True}
    assert plain == {"g": ["a", "b"], "l": ["x", "x"], "d": ["x", "x"], "c": False}


def test_contradictions_come_first():
    assert [one["c"] for one in copies.groups(GROUPS, IMAGES, LABELS)] == [True, False]


def test_without_copies_there_is_nothing():
    assert copies.groups(GROUPS.assign(group=range(6)), IMAGES, LABELS) == []
