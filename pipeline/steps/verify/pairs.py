"""Pairs of photographs whose truth is known: a held-out query and a gallery photograph each."""

import numpy as np
import pandas as pd

from pipeline.data.gallery import Embeddings

SCORES = ["similarity", "inliers", "weighted_inliers"]
PAIRS_AT_ONCE = 10_000


def known_pairs(
    looked: pd.DataFrame, queries: pd.DataFrame, groups: pd.Series, embeddings: Embeddings
) -> pd.DataFrame:
    """One fold's pairs, of those that `match` looked at.

    Columns: group (the query's photograph and its copies), there (the gallery's), similarity,
    inliers, weighted_inliers, same, weight (of how many pairs of the query it is an example). The
    test's pairs are left out.

    looked : `match`'s pairs, with what `weigh` says of each
    queries : the fold's queries (`pipeline.data.gallery`)
    groups : the group of every labelled photograph, by its name
    """
    held = queries[queries["fold"] >= 0].set_index("image")
    pairs = looked[looked["query"].isin(held.index)]
    own = held.loc[pairs["query"]]
    columns = {
        "group": own["group"].to_numpy(),
        "there": groups.loc[pairs["image"]].to_numpy(),
        "similarity": similarities(pairs, embeddings),
        "inliers": pairs["inliers"].to_numpy(dtype=float),
        "weighted_inliers": pairs["weighted_inliers"].to_numpy(dtype=float),
        "same": (own["truth"].to_numpy() == pairs["identity"].to_numpy()).astype(bool),
        "weight": pairs["weight"].to_numpy(dtype=float),
    }
    return pd.DataFrame(columns)


def similarities(pairs: pd.DataFrame, embeddings: Embeddings) -> np.ndarray:
    """The cosine of each pair (columns query, image)."""
    found = np.empty(len(pairs))
    for at in range(0, len(pairs), PAIRS_AT_ONCE):
        block = pairs.iloc[at : at + PAIRS_AT_ONCE]
        here, there = (embeddings.of(block[side]) for side in ("query", "image"))
        found[at : at + PAIRS_AT_ONCE] = np.einsum("nd,nd->n", here, there)
    return found
