"""Pairs of photographs whose truth is known: a held-out query and a gallery photograph each."""

import numpy as np
import pandas as pd

from pipeline.gallery import Embeddings

SCORES = ["similarity", "inliers"]


def known_pairs(
    looked: pd.DataFrame, queries: pd.DataFrame, embeddings: Embeddings
) -> pd.DataFrame:
    """One fold's pairs, of those that `match` looked at.

    Columns: group (the query's photograph and its copies), similarity, inliers, same, weight (of
    how many pairs of the query it is an example). The test's pairs are left out.

    looked : `match`'s pairs
    queries : the fold's queries (`pipeline.gallery`)
    """
    held = queries[queries["fold"] >= 0].set_index("image")
    pairs = looked[looked["query"].isin(held.index)]
    own = held.loc[pairs["query"]]
    here, there = (embeddings.of(pairs[side]) for side in ("query", "image"))
    columns = {
        "group": own["group"].to_numpy(),
        "similarity": np.einsum("nd,nd->n", here, there),
        "inliers": pairs["inliers"].to_numpy(dtype=float),
        "same": (own["truth"].to_numpy() == pairs["identity"].to_numpy()).astype(bool),
        "weight": pairs["weight"].to_numpy(dtype=float),
    }
    return pd.DataFrame(columns)
