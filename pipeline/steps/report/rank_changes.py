"""How re-ranking changed the order of a query's first candidates."""

import pandas as pd

MAX_CANDIDATES = 5


def compare_rankings(
    evidence: pd.DataFrame, first: str, second: str
) -> dict[str, tuple[list[str], list[str]]]:
    """By query, the first identities by the score `first`, and those by the score `second`.

    evidence : of one member (`data.evidence`); queries without the second score are left out
    """
    after = rank_candidates(evidence[evidence["source"] == second])
    before = rank_candidates(evidence[evidence["source"] == first])
    return {query: (before[query], order) for query, order in after.items() if query in before}


def rank_candidates(scores: pd.DataFrame) -> dict[str, list[str]]:
    """The best identities of every query by one score; ties by identity."""
    table = scores.sort_values(["query", "score", "identity"], ascending=[True, False, True])
    table = table[table.groupby("query").cumcount() < MAX_CANDIDATES]
    return {str(query): rows.tolist() for query, rows in table.groupby("query")["identity"]}
