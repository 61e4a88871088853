"""Exact scores of proposed (query, identity) pairs, four ways (see `neighbours.py`)."""

import itertools

import numpy as np
import pandas as pd

from pipeline.steps.neighbours.search import Gallery, Nearest, Prototypes

SHORTEST = 1e-9  # a length that is divided by
PAIRS_AT_ONCE = 10_000  # some hundred MB if an identity has dozens of photographs


def find_prototypes(gallery: Gallery, deviations: float) -> Prototypes:
    """As `compute_prototypes`, computed once per gallery."""
    if deviations not in gallery.prototypes:
        gallery.prototypes[deviations] = compute_prototypes(gallery, deviations)
    return gallery.prototypes[deviations]


def compute_prototypes(gallery: Gallery, deviations: float) -> Prototypes:
    """Mean vector, and centre with outliers left out, of every identity.

    An outlier's similarity to the mean lies more than `deviations` standard deviations below the
    identity's average (3rd place, humpback 2019). The nearest half of the photographs always stays.
    """
    shape = len(gallery.identities), gallery.vectors.shape[1]
    means, centres = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for number, (start, end) in enumerate(itertools.pairwise(gallery.starts)):
        vectors = gallery.vectors[start:end]
        mean = vectors.mean(axis=0)
        closeness = vectors @ mean
        floor = min(closeness.mean() - deviations * closeness.std(), np.median(closeness))
        means[number] = mean
        centres[number] = vectors[closeness >= floor - 1e-6].mean(axis=0)
    lengths = measure_lengths(means)
    means /= np.maximum(lengths, SHORTEST)[:, None]  # in place: there may be 100,000
    centres /= np.maximum(measure_lengths(centres), SHORTEST)[:, None]
    return Prototypes(means, lengths, centres)


def compute_best_similarities(
    vectors: np.ndarray, gallery: Gallery, pairs: np.ndarray, less: np.ndarray | None = None
) -> np.ndarray:
    """Similarity of each pair's query to the identity's most similar image, one per pair.

    pairs : n x 2, positions of query and identity
    less : g, subtracted from the gallery images' similarities first
    """
    best = np.empty(len(pairs))
    starts = gallery.starts
    for at in range(0, len(pairs), PAIRS_AT_ONCE):
        query, label = pairs[at : at + PAIRS_AT_ONCE].T
        sizes = starts[label + 1] - starts[label]
        first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        image = np.arange(sizes.sum()) - np.repeat(first - starts[label], sizes)
        products = dot_rows(vectors[np.repeat(query, sizes)], gallery.vectors[image])
        if less is not None:
            products = products - less[image]
        best[at : at + PAIRS_AT_ONCE] = np.maximum.reduceat(products, first)
    return best


def count_votes(nearest: Nearest, gallery: Gallery, count: int, pairs: np.ndarray) -> np.ndarray:
    """The fraction of similarity that each pair's identity has among the `count` nearest images."""
    rows = nearest.rows[:, :count]
    weights = np.clip(nearest.similarities[:, :count], 0, None)
    weights = np.where(rows < 0, 0, weights)
    weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    query = np.repeat(np.arange(len(rows)), rows.shape[1])
    index = pd.MultiIndex.from_arrays([query, gallery.labels[rows.ravel()]])
    votes = pd.Series(weights.ravel(), index=index).groupby(level=[0, 1]).sum()
    return votes.reindex(pd.MultiIndex.from_arrays([*pairs.T]), fill_value=0.0).to_numpy()


def compute_products(vectors: np.ndarray, prototypes: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Inner product of each pair's query and the identity's prototype, one per pair."""
    blocks = (pairs[at : at + PAIRS_AT_ONCE].T for at in range(0, len(pairs), PAIRS_AT_ONCE))
    return np.concatenate([dot_rows(vectors[query], prototypes[label]) for query, label in blocks])


def dot_rows(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The inner product of each row of `first` with that of `second` (n x d each)."""
    return np.einsum("nd,nd->n", first, second)


def measure_lengths(vectors: np.ndarray) -> np.ndarray:
    """The length of each of n x d vectors, without a copy of them."""
    return np.sqrt(dot_rows(vectors, vectors))
