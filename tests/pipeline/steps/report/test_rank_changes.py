import pandas as pd

from pipeline.steps.report import rank_changes

SAID = pd.DataFrame(
    [("q", "a", "centre", 0.9), ("q", "b", "centre", 0.8), ("q", "c", "centre", 0.7)]
    + [("q", "a", "reranked", 0.1), ("q", "b", "reranked", 0.3), ("r", "a", "centre", 0.5)],
    columns=["query", "identity", "source", "score"],
)


def test_the_order_before_and_after():
    found = rank_changes.moves(SAID, "centre", "reranked")
    assert found == {"q": (["a", "b", "c"], ["b", "a"])}


def test_nothing_where_nobody_looked_twice():
    assert rank_changes.moves(SAID[SAID["source"] == "centre"], "centre", "reranked") == {}


def test_the_first_five_with_ties_by_identity():
    rows = [("q", name, "centre", 0.5) for name in "gfedcba"]
    said = pd.DataFrame(rows, columns=SAID.columns)
    assert rank_changes.ordered(said) == {"q": list("abcde")}
