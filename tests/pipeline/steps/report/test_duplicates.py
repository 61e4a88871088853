import pandas as pd

from pipeline.steps.report import duplicates

GROUPS = pd.DataFrame({"image": list("abcdef"), "group": [0, 0, 2, 2, 4, 2]})
IMAGES = pd.DataFrame({"image": list("abcdef"), "identity": ["x", "x", "x", "y", "z", ""]})
LABELS = pd.DataFrame(
    {"image": ["a", "b", "c", "f", "e"], "identity": ["x", "x", "y", "y", "z"]}
).assign(only_fold=["", "", "", "0", ""])


def test_a_group_has_the_original_and_the_current_labels():
    """c became y, d was dropped; f is a test photograph: its pseudo-label does not count."""
    conflict, plain = duplicates.list_groups(GROUPS, IMAGES, LABELS)
    assert conflict == {"g": ["c", "d", "f"], "l": ["x", "y", ""], "d": ["y", "", ""], "c": True}
    assert plain == {"g": ["a", "b"], "l": ["x", "x"], "d": ["x", "x"], "c": False}


def test_conflicts_come_first():
    assert [group["c"] for group in duplicates.list_groups(GROUPS, IMAGES, LABELS)] == [True, False]


def test_without_duplicates_there_is_no_group():
    assert duplicates.list_groups(GROUPS.assign(group=range(6)), IMAGES, LABELS) == []
