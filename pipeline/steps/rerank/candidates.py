"""The first candidates of every query and the photographs that represent them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Candidates:
    """q queries with their first `top` candidates each, best first.

    identities: q x top (object, "" for padding); scores: q x top (the first score, -inf for
    padding); supports: q x top x shots rows of gallery photographs (-1 for padding).
    """

    queries: np.ndarray
    identities: np.ndarray
    scores: np.ndarray
    supports: np.ndarray

    def find(self, truth: np.ndarray) -> np.ndarray:
        """True for the candidate that is the query's individual, q x top; `truth` is q."""
        return self.identities == truth[:, None]


def first_candidates(
    first: pd.Series,
    top: int,
    gallery: dict[str, np.ndarray],
    shots: int,
    allowed: dict[str, np.ndarray],
) -> Candidates:
    """Cut the first score (indexed by query, identity) to its best `top`; ties by identity.

    `gallery` maps an identity to the rows of its photographs, `allowed` a query to bool by row:
    the first `shots` rows that are allowed are used.
    """
    table = first.rename("score").reset_index()
    table = table.sort_values(["query", "score", "identity"], ascending=[True, False, True])
    rank = table.groupby("query").cumcount()
    table = table.assign(rank=rank)[rank < top]
    queries, row = np.unique(table["query"].to_numpy(dtype=str), return_inverse=True)
    identities = np.full((len(queries), top), "", dtype=object)
    scores = np.full((len(queries), top), -np.inf)
    supports = np.full((len(queries), top, shots), -1)
    identities[row, table["rank"]] = table["identity"]
    scores[row, table["rank"]] = table["score"]
    for query, rank, identity in zip(row, table["rank"], table["identity"], strict=True):
        rows = gallery[identity]
        chosen = rows[allowed[queries[query]][rows]][:shots]
        supports[query, rank, : len(chosen)] = chosen
    return Candidates(queries, identities, scores, supports)
