"""Scores that are off by default: the margin over strangers, and k-reciprocal neighbourhoods."""

import numpy as np

from pipeline.params import Neighbours
from pipeline.steps.neighbours import reciprocal, scores
from pipeline.steps.neighbours.search import Gallery, others, search


def second_looks(
    vectors: np.ndarray, gallery: Gallery, pairs: np.ndarray, params: Neighbours
) -> dict[str, np.ndarray]:
    """The scores that are switched on, one number a pair each."""
    said = {}
    if params.margin_score:
        near = strangers(gallery, params)
        said["margin_score"] = scores.best_similarities(vectors, gallery, pairs, near)
    if params.reciprocal:
        said["reciprocal"] = neighbourhoods(vectors, gallery, pairs, params)
    return said


def strangers(gallery: Gallery, params: Neighbours) -> np.ndarray:
    """Similarity of each gallery image to its nearest one of another identity; -1 for none.

    With it a photograph sets its own threshold, which one of an identity's only photograph has to
    (4th place, humpback 2019, which took the threshold from the test's queries).
    """
    largest = int(np.bincount(gallery.labels).max())
    rows, similarities = others(gallery, min(largest, len(gallery.labels) - 1), params)
    foreign = gallery.labels[rows] != gallery.labels[:, None]
    return np.where(foreign, similarities, -1).max(axis=1, initial=-1)


def neighbourhoods(
    vectors: np.ndarray, gallery: Gallery, pairs: np.ndarray, params: Neighbours
) -> np.ndarray:
    """k-reciprocal similarity of each pair's query to the identity's best image.

    It is `reciprocal_weight` x what their neighbourhoods share + the rest x their cosine.
    """
    count = min(params.reciprocal, len(gallery.vectors) - 1)
    weight = params.reciprocal_weight
    if count < 1:  # nobody to have in common
        return (1 - weight) * scores.best_similarities(vectors, gallery, pairs, None)
    best = np.empty(len(pairs))
    near = search(gallery.vectors, vectors, count, params.model_copy(update={"index": "exact"}))
    rows = reciprocal.jaccard(
        reciprocal.Neighbourhood(vectors, near.rows, near.similarities),
        reciprocal.Neighbourhood(gallery.vectors, *others(gallery, count, params)),
        params.reciprocal_blend,
    )
    ends = np.searchsorted(pairs[:, 0], np.arange(len(vectors) + 1))
    for query, shared in enumerate(rows):
        blended = weight * shared + (1 - weight) * (gallery.vectors @ vectors[query])
        own = slice(ends[query], ends[query + 1])
        best[own] = np.maximum.reduceat(blended, gallery.starts[:-1])[pairs[own, 1]]
    return best
