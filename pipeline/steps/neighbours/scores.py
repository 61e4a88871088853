"""What the search says of each (query, identity), four ways (see `neighbours.py`)."""

import numpy as np
import pandas as pd

from pipeline.steps.neighbours.search import Found, Gallery

PAIRS_AT_ONCE = 10_000  # some hundred MB where an identity has dozens of photographs


def prototypes(gallery: Gallery, deviations: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean vector, and unit centre with outliers left out, of every identity (i x d each).

    An outlier's similarity to the mean lies more than `deviations` standard deviations below the
    identity's average (3rd place, humpback 2019). Its nearest half always stays.
    """
    means, centres = [], []
    for start, end in zip(gallery.starts[:-1], gallery.starts[1:], strict=True):
        own = gallery.vectors[start:end]
        mean = own.mean(axis=0)
        closeness = own @ mean
        floor = min(closeness.mean() - deviations * closeness.std(), np.median(closeness))
        means.append(mean)
        centres.append(own[closeness >= floor - 1e-6].mean(axis=0))
    return np.array(means, dtype=np.float32), unit(np.array(centres, dtype=np.float32))


def best_similarities(
    vectors: np.ndarray, gallery: Gallery, pairs: np.ndarray, less: np.ndarray | None
) -> np.ndarray:
    """Similarity of each pair's query to the identity's most similar image, one a pair.

    `less` (g) is taken from the gallery images' similarities first.
    """
    best = np.empty(len(pairs))
    starts = gallery.starts
    for at in range(0, len(pairs), PAIRS_AT_ONCE):
        query, label = pairs[at : at + PAIRS_AT_ONCE].T
        sizes = starts[label + 1] - starts[label]
        first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        image = np.arange(sizes.sum()) - np.repeat(first - starts[label], sizes)
        products = dots(vectors[np.repeat(query, sizes)], gallery.vectors[image])
        if less is not None:
            products = products - less[image]
        best[at : at + PAIRS_AT_ONCE] = np.maximum.reduceat(products, first)
    return best


def votes(found: Found, gallery: Gallery, count: int, pairs: np.ndarray) -> np.ndarray:
    """Each pair's identity's share of the similarity of the query's `count` nearest images."""
    rows, weights = found.rows[:, :count], np.clip(found.similarities[:, :count], 0, None)
    weights = np.where(rows < 0, 0, weights)
    weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    query = np.repeat(np.arange(len(rows)), rows.shape[1])
    index = pd.MultiIndex.from_arrays([query, gallery.labels[rows.ravel()]])
    cast = pd.Series(weights.ravel(), index=index).groupby(level=[0, 1]).sum()
    return cast.reindex(pd.MultiIndex.from_arrays(pairs.T), fill_value=0.0).to_numpy()


def products(vectors: np.ndarray, prototypes: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    blocks = (pairs[at : at + PAIRS_AT_ONCE].T for at in range(0, len(pairs), PAIRS_AT_ONCE))
    return np.concatenate([dots(vectors[query], prototypes[label]) for query, label in blocks])


def dots(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", first, second)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
