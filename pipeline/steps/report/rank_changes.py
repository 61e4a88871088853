"""What re-ranking changed in the order of a query's first candidates."""

import pandas as pd

SHOWN = 5


def moves(
    evidence: pd.DataFrame, first: str, second: str
) -> dict[str, tuple[list[str], list[str]]]:
    """By query, the first identities by the score `first`, and by `second` of those that have it.

    evidence : of one member (`data.evidence`); queries without the second score are left out
    """
    after = ordered(evidence[evidence["source"] == second])
    before = ordered(evidence[evidence["source"] == first])
    return {query: (before[query], own) for query, own in after.items() if query in before}


def ordered(said: pd.DataFrame) -> dict[str, list[str]]:
    """The best identities of every query by one score; ties by identity."""
    table = said.sort_values(["query", "score", "identity"], ascending=[True, False, True])
    table = table[table.groupby("query").cumcount() < SHOWN]
    return table.groupby("query")["identity"].agg(list).to_dict()
