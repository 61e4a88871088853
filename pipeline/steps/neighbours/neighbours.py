"""Search the gallery for every query: its nearest images, and what they say of each identity.

Faiss proposes (exactly, or through an inverted file); every proposed (query, identity) pair is then
scored exactly, four ways:

    nearest   similarity to the identity's most similar photograph
    mean      mean similarity to its photographs
    centre    similarity to the centre of its photographs, outliers left out
    vote      share of similarity among the query's `vote` nearest photographs

and, where the params ask for them, two ways more:

    reciprocal    similarity blended with what the two photographs' neighbourhoods share
    margin_score  how much nearer the query is to the identity's photograph than that one's nearest
                  photograph of another individual
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.data import evidence, viewpoints
from pipeline.params import Neighbours
from pipeline.steps.neighbours import expansion, scores
from pipeline.steps.neighbours.optional_scores import second_looks
from pipeline.steps.neighbours.search import Found, Gallery, others, search


def score(
    queries: pd.Series,
    vectors: np.ndarray,
    gallery: Gallery,
    params: Neighbours,
    member: str,
    side: dict[str, str],
) -> tuple[pd.DataFrame, Found]:
    """The evidence of one member's queries (n names, n x d unit vectors), and their neighbours.

    side : of every photograph whose side is known; two sides are never compared
    """
    parts = [evidence.empty()]
    rows = np.full((len(queries), min(max(params.images, params.vote), len(gallery.names))), -1)
    near = Found(rows, np.full(rows.shape, -np.inf, np.float32))
    for asked, shown in viewpoints.parted(queries, pd.Series(gallery.names), side):
        if not shown.any():
            continue
        said, found = scored(queries[asked], vectors[asked], gallery.only(shown), params, member)
        parts.append(said)
        width = found.rows.shape[1]
        numbers = np.append(np.flatnonzero(shown), -1)  # row -1 stays -1
        near.rows[asked, :width] = numbers[found.rows]
        near.similarities[asked, :width] = found.similarities
    return pd.concat(parts, ignore_index=True), near


def scored(
    queries: pd.Series, vectors: np.ndarray, gallery: Gallery, params: Neighbours, member: str
) -> tuple[pd.DataFrame, Found]:
    """As `score`, where all may be compared with all."""
    vectors, gallery = widened(vectors, gallery, params)
    found = search(gallery.vectors, vectors, max(params.images, params.vote), params)
    means, centres = scores.prototypes(gallery, params.outlier_deviations)
    by_mean = search(scores.unit(means), vectors, params.candidates, params)
    by_centre = search(centres, vectors, params.candidates, params)
    pairs = candidate_pairs(found, by_mean, by_centre, gallery, params.candidates)
    query, label = pairs.T
    said = {
        "nearest": scores.best_similarities(vectors, gallery, pairs, None),
        "mean": scores.products(vectors, means, pairs),
        "centre": scores.products(vectors, centres, pairs),
        "vote": scores.votes(found, gallery, params.vote, pairs),
        **second_looks(vectors, gallery, pairs, params),
    }
    names = queries.to_numpy()[query]
    return evidence.build(names, gallery.identities[label], member, said), found


def widened(
    vectors: np.ndarray, gallery: Gallery, params: Neighbours
) -> tuple[np.ndarray, Gallery]:
    """Query expansion and database augmentation, each where its number of neighbours is not 0."""
    shown = gallery
    if params.augmentation:
        near = others(gallery, params.augmentation, params)
        moved = expansion.expanded(gallery.vectors, gallery.vectors, *near, params.power)
        shown = replace(gallery, vectors=moved)
    if params.expansion:
        near = search(shown.vectors, vectors, params.expansion, params)
        pulled = near.rows, near.similarities, params.power
        vectors = expansion.expanded(vectors, shown.vectors, *pulled)
    return vectors, shown


def candidate_pairs(
    found: Found, by_mean: Found, by_centre: Found, gallery: Gallery, count: int
) -> np.ndarray:
    """(query, label) rows: the union of each search's best `count` identities, sorted."""
    nearest = [first_distinct(gallery.labels[row[row >= 0]], count) for row in found.rows]
    pairs = [
        np.column_stack([np.full(len(labels), query), labels])
        for query, row in enumerate(nearest)
        for labels in (row, *(f.rows[query][f.rows[query] >= 0] for f in (by_mean, by_centre)))
    ]
    return np.unique(np.concatenate(pairs), axis=0)


def first_distinct(labels: np.ndarray, count: int) -> np.ndarray:
    """The first `count` distinct labels, in order of appearance."""
    return pd.unique(labels)[:count]


def table(queries: pd.Series, gallery: Gallery, found: Found) -> pd.DataFrame:
    """The neighbours as a table: query, rank (0 first), image, identity, similarity."""
    query = np.repeat(queries.to_numpy(), found.rows.shape[1])
    rank = np.tile(np.arange(found.rows.shape[1]), len(found.rows))
    row, heard = found.rows.ravel(), found.rows.ravel() >= 0
    columns = {
        "query": query,
        "rank": rank,
        "image": gallery.names[row],
        "identity": gallery.identities[gallery.labels[row]],
        "similarity": found.similarities.ravel(),
    }
    return pd.DataFrame(columns)[heard].reset_index(drop=True)
