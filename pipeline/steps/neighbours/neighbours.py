"""Search every query's gallery: its nearest images, and scores of their identities.

Faiss proposes (exactly, or through an inverted file); every proposed (query, identity) pair is then
scored exactly, four ways:

    nearest   similarity to the identity's most similar photograph
    mean      mean similarity to its photographs
    centre    similarity to the centre of its photographs, outliers left out
    vote      fraction of similarity among the query's `vote` nearest photographs

and two more ways, if params.yaml switches them on:

    reciprocal    similarity blended with the overlap of the two photographs' neighbourhoods
    margin_score  similarity to the identity's photograph minus that of the photograph to its
                  nearest one of another identity
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.data import evidence, viewpoints
from pipeline.data.gallery import Embeddings, split_by_gallery
from pipeline.params import Neighbours
from pipeline.steps.neighbours import scores
from pipeline.steps.neighbours.expansion import expand
from pipeline.steps.neighbours.optional_scores import compute_optional_scores
from pipeline.steps.neighbours.search import (
    Gallery,
    Nearest,
    build_gallery,
    search,
    search_others,
)


def score_member(
    queries: pd.DataFrame,
    folds: pd.DataFrame,
    embeddings: Embeddings,
    params: Neighbours,
    member: str,
    viewpoint: dict[str, str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The evidence and the neighbours (`build_table`) of one member's queries, by their galleries.

    queries : as `pipeline.data.gallery` gives them; folds : the table "folds"
    viewpoint : of every photograph with a known one; two viewpoints are never compared
    """
    scored, nearest = [], []
    for positions, rows in split_by_gallery(folds, queries):
        gallery, names = build_gallery(embeddings, rows), queries["image"].iloc[positions]
        table, found = score_queries(
            names, embeddings.of(names), gallery, params, member, viewpoint
        )
        scored.append(table)
        nearest.append(build_table(names, gallery, found))
    return pd.concat(scored, ignore_index=True), pd.concat(nearest, ignore_index=True)


def score_queries(
    queries: pd.Series,
    vectors: np.ndarray,
    gallery: Gallery,
    params: Neighbours,
    member: str,
    viewpoint: dict[str, str],
) -> tuple[pd.DataFrame, Nearest]:
    """The evidence of queries (n names, n x d unit vectors) of one gallery, and their neighbours.

    viewpoint : of every photograph with a known one; two viewpoints are never compared
    """
    tables = [evidence.build_empty()]
    rows = np.full((len(queries), min(max(params.images, params.vote), len(gallery.names))), -1)
    nearest = Nearest(rows, np.full(rows.shape, -np.inf, np.float32))
    names = pd.Series(gallery.names)
    for in_query, in_gallery in viewpoints.split_comparable(queries, names, viewpoint):
        if not in_gallery.any():
            continue
        table, found = _score_comparable(
            queries[in_query], vectors[in_query], gallery.select(in_gallery), params, member
        )
        tables.append(table)
        width = found.rows.shape[1]
        numbers = np.append(np.flatnonzero(in_gallery), -1)  # row -1 stays -1
        nearest.rows[in_query, :width] = numbers[found.rows]
        nearest.similarities[in_query, :width] = found.similarities
    return pd.concat(tables, ignore_index=True), nearest


def _score_comparable(
    queries: pd.Series, vectors: np.ndarray, gallery: Gallery, params: Neighbours, member: str
) -> tuple[pd.DataFrame, Nearest]:
    """As `score_queries`, if every query may be compared with the whole gallery."""
    vectors, gallery = expand_and_augment(vectors, gallery, params)
    nearest = search(gallery.vectors, vectors, max(params.images, params.vote), params)
    means, lengths, centres = scores.find_prototypes(gallery, params.outlier_deviations)
    by_mean = search(means, vectors, params.candidates, params)
    by_centre = search(centres, vectors, params.candidates, params)
    pairs = propose_pairs(nearest, by_mean, by_centre, gallery, params.candidates)
    query, label = pairs.T
    by_source = {
        "nearest": scores.compute_best_similarities(vectors, gallery, pairs),
        "mean": scores.compute_products(vectors, means, pairs) * lengths[pairs[:, 1]],
        "centre": scores.compute_products(vectors, centres, pairs),
        "vote": scores.count_votes(nearest, gallery, params.vote, pairs),
        **compute_optional_scores(vectors, gallery, pairs, params),
    }
    names = queries.to_numpy()[query]
    return evidence.build(names, gallery.identities[label], member, by_source), nearest


def expand_and_augment(
    vectors: np.ndarray, gallery: Gallery, params: Neighbours
) -> tuple[np.ndarray, Gallery]:
    """Query expansion and database augmentation, each if its number of neighbours is not 0."""
    augmented = gallery
    if params.augmentation:
        near = search_others(gallery, params.augmentation, params)
        moved = expand(gallery.vectors, gallery.vectors, near.rows, near.similarities, params.power)
        augmented = replace(gallery, vectors=moved, prototypes={})
    if params.expansion:
        near = search(augmented.vectors, vectors, params.expansion, params)
        vectors = expand(vectors, augmented.vectors, near.rows, near.similarities, params.power)
    return vectors, augmented


def propose_pairs(
    nearest: Nearest, by_mean: Nearest, by_centre: Nearest, gallery: Gallery, count: int
) -> np.ndarray:
    """(query, label) rows: the union of each search's best `count` identities, sorted."""
    by_image = [take_distinct(gallery.labels[row[row >= 0]], count) for row in nearest.rows]
    pairs = [
        np.column_stack([np.full(len(labels), query), labels])
        for query, row in enumerate(by_image)
        for labels in (row, *(f.rows[query][f.rows[query] >= 0] for f in (by_mean, by_centre)))
    ]
    return np.unique(np.concatenate(pairs), axis=0)


def take_distinct(labels: np.ndarray, count: int) -> np.ndarray:
    """The first `count` distinct labels, in order of appearance."""
    return pd.unique(labels)[:count]


def build_table(queries: pd.Series, gallery: Gallery, nearest: Nearest) -> pd.DataFrame:
    """The neighbours as a table: query, rank (0 first), image, identity, similarity."""
    query = np.repeat(queries.to_numpy(), nearest.rows.shape[1])
    rank = np.tile(np.arange(nearest.rows.shape[1]), len(nearest.rows))
    row = nearest.rows.ravel()
    columns = {
        "query": query,
        "rank": rank,
        "image": gallery.names[row],
        "identity": gallery.identities[gallery.labels[row]],
        "similarity": nearest.similarities.ravel(),
    }
    return pd.DataFrame(columns)[row >= 0].reset_index(drop=True)
