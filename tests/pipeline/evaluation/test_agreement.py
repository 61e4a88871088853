"""Who agrees, and who is sure enough."""

import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import agreement


def table(**answers: dict[str, float]) -> pd.DataFrame:
    rows = [(q, identity, chance) for q, own in answers.items() for identity, chance in own.items()]
    return pd.DataFrame(rows, columns=["query", "identity", "posterior"])


def test_the_same_known_identity_by_all_and_surely():
    one = table(
        agreed={"a": 0.95, "b": 0.05},
        apart={"a": 0.99},
        unsure={"a": 0.99},
        new={NEW_WHALE: 0.99, "a": 0.01},
        alone={"a": 0.99},
    )
    two = table(
        agreed={"a": 0.9, NEW_WHALE: 0.1},
        apart={"b": 0.99},
        unsure={"a": 0.6, "b": 0.4},
        new={NEW_WHALE: 0.99},
    )
    found = agreement.agreed([one, two], 0.9)
    assert found.values.tolist() == [["agreed", "a", 0.9]]
    assert found.columns.tolist() == ["image", "identity", "confidence"]


def test_one_system_agrees_with_itself_in_the_order_of_images():
    found = agreement.agreed([table(y={"a": 0.9}, x={"b": 0.8}, z={"c": 0.2})], 0.5)
    assert found.values.tolist() == [["x", "b", 0.8], ["y", "a", 0.9]]


def test_a_tie_is_settled_alike_everywhere():
    one, two = table(x={"a": 0.5, "b": 0.5}), table(x={"b": 0.5, "a": 0.5})
    assert agreement.agreed([one, two], 0.5)["identity"].tolist() == ["a"]


def test_nobody_is_sure():
    assert agreement.agreed([table(x={"a": 0.4})], 0.5).empty


def test_the_surest_of_each_identity_in_each_fold():
    """a has three photographs in fold 0, the last two as sure as each other: the first image."""
    rows = [
        ("x", "a", 0.2, 0),
        ("v", "a", 0.4, 0),
        ("w", "a", 0.2, 0),
        ("u", "b", 0.1, 0),
        ("x", "a", 0.1, 1),
    ]
    found = pd.DataFrame(rows, columns=["image", "identity", "confidence", "fold"])
    kept = agreement.surest(found, 2)[["image", "identity", "fold"]]
    assert kept.values.tolist() == [["u", "b", 0], ["v", "a", 0], ["w", "a", 0], ["x", "a", 1]]
    assert agreement.surest(found, 9).shape == found.shape
    assert agreement.surest(found[:0], 1).empty
