"""Pairs with known truth: a held-out query and a gallery photograph each."""

import numpy as np
import pandas as pd

from pipeline.data.gallery import Embeddings

BLOCK = 10_000  # pairs whose embeddings are held in memory at once


def build_known_pairs(
    verified: pd.DataFrame, queries: pd.DataFrame, groups: pd.Series, embeddings: Embeddings
) -> pd.DataFrame:
    """Build one fold's pairs from those that `match` verified; the test's are left out.

    Columns: group and gallery_group (the duplicate groups of the query and of the gallery's
    photograph), similarity, inliers, weighted_inliers, same, weight (how many pairs of the query
    it stands for).

    verified : `match`'s pairs, with the column weighted_inliers of `weigh`
    queries : the fold's queries (`pipeline.data.gallery`)
    groups : the group of every labelled photograph, by its name
    """
    held_out = queries[queries["fold"] >= 0].set_index("image")
    pairs = verified[verified["query"].isin(held_out.index)]
    query = held_out.loc[pairs["query"]]
    columns = {
        "group": query["group"].to_numpy(),
        "gallery_group": groups.loc[pairs["image"]].to_numpy(),
        "similarity": compute_similarities(pairs, embeddings),
        "inliers": pairs["inliers"].to_numpy(dtype=float),
        "weighted_inliers": pairs["weighted_inliers"].to_numpy(dtype=float),
        "same": (query["truth"].to_numpy() == pairs["identity"].to_numpy()).astype(bool),
        "weight": pairs["weight"].to_numpy(dtype=float),
    }
    return pd.DataFrame(columns)


def compute_similarities(pairs: pd.DataFrame, embeddings: Embeddings) -> np.ndarray:
    """Compute the cosine similarity of each pair (columns query, image)."""
    similarities = np.empty(len(pairs))
    for at in range(0, len(pairs), BLOCK):
        block = pairs.iloc[at : at + BLOCK]
        query, image = (embeddings.of(block[column]) for column in ("query", "image"))
        similarities[at : at + BLOCK] = np.einsum("nd,nd->n", query, image)
    return similarities
