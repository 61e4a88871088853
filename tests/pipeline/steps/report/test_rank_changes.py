import pandas as pd

from pipeline.steps.report import rank_changes

EVIDENCE = pd.DataFrame(
    [("q", "a", "centre", 0.9), ("q", "b", "centre", 0.8), ("q", "c", "centre", 0.7)]
    + [("q", "a", "reranked", 0.1), ("q", "b", "reranked", 0.3), ("r", "a", "centre", 0.5)],
    columns=["query", "identity", "source", "score"],
)


def test_the_order_before_and_after():
    changes = rank_changes.compare_rankings(EVIDENCE, "centre", "reranked")
    assert changes == {"q": (["a", "b", "c"], ["b", "a"])}


def test_a_query_without_re_ranking_is_left_out():
    assert (
        rank_changes.compare_rankings(
            EVIDENCE[EVIDENCE["source"] == "centre"], "centre", "reranked"
        )
        == {}
    )


def test_the_first_five_are_listed_with_ties_by_identity():
    rows = [("q", name, "centre", 0.5) for name in "gfedcba"]
    scores = pd.DataFrame(rows, columns=EVIDENCE.columns)
    assert rank_changes.rank_candidates(scores) == {"q": list("abcde")}
