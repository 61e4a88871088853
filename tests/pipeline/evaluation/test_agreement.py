"""Agreement of systems, and labels that are sure enough."""

import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import agreement


def build_table(**answers: dict[str, float]) -> pd.DataFrame:
    rows = [(query, *row) for query, labels in answers.items() for row in labels.items()]
    return pd.DataFrame(rows, columns=["query", "identity", "posterior"])


def test_labels_need_the_same_known_identity_and_confidence_in_every_table():
    one = build_table(
        agreed={"a": 0.95, "b": 0.05},
        apart={"a": 0.99},
        unsure={"a": 0.99},
        new={NEW_WHALE: 0.99, "a": 0.01},
        alone={"a": 0.99},
    )
    two = build_table(
        agreed={"a": 0.9, NEW_WHALE: 0.1},
        apart={"b": 0.99},
        unsure={"a": 0.6, "b": 0.4},
        new={NEW_WHALE: 0.99},
    )
    found = agreement.find_agreed_labels([one, two], 0.9)
    assert found.values.tolist() == [["agreed", "a", 0.9]]
    assert found.columns.tolist() == ["image", "identity", "confidence"]


def test_one_system_agrees_with_itself_in_the_order_of_images():
    found = agreement.find_agreed_labels(
        [build_table(y={"a": 0.9}, x={"b": 0.8}, z={"c": 0.2})], 0.5
    )
    assert found.values.tolist() == [["x", "b", 0.8], ["y", "a", 0.9]]


def test_ties_are_broken_by_identity():
    one, two = build_table(x={"a": 0.5, "b": 0.5}), build_table(x={"b": 0.5, "a": 0.5})
    assert agreement.find_agreed_labels([one, two], 0.5)["identity"].tolist() == ["a"]


def test_no_label_below_the_confidence():
    assert agreement.find_agreed_labels([build_table(x={"a": 0.4})], 0.5).empty


def test_the_surest_labels_of_each_identity_and_fold():
    """a has three photographs in fold 0, two of them equally sure: the first image is taken."""
    rows = [
        ("x", "a", 0.2, 0),
        ("v", "a", 0.4, 0),
        ("w", "a", 0.2, 0),
        ("u", "b", 0.1, 0),
        ("x", "a", 0.1, 1),
    ]
    labels = pd.DataFrame(rows, columns=["image", "identity", "confidence", "fold"])
    surest = agreement.select_surest(labels, 2)[["image", "identity", "fold"]]
    assert surest.values.tolist() == [["u", "b", 0], ["v", "a", 0], ["w", "a", 0], ["x", "a", 1]]
    assert agreement.select_surest(labels, 9).shape == labels.shape
    assert agreement.select_surest(labels[:0], 1).empty
