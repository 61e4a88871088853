"""Search the gallery for every query: its nearest images, and what they say of each identity.

Faiss proposes (exactly, or through an inverted file); every proposed (query, identity) pair is then
scored exactly, four ways:

    nearest   similarity to the identity's most similar photograph
    mean      mean similarity to its photographs
    centre    similarity to the centre of its photographs, outliers left out
    vote      share of similarity among the query's `vote` nearest photographs
"""

from dataclasses import dataclass

import faiss
import numpy as np
import pandas as pd

from pipeline import evidence
from pipeline.gallery import Embeddings
from pipeline.params import Neighbours

PAIRS_AT_ONCE = 10_000  # some hundred MB where an identity has dozens of photographs


@dataclass(frozen=True)
class Found:
    """The k nearest gallery images of every query, most similar first (n x k; -1 for none)."""

    rows: np.ndarray
    similarities: np.ndarray


@dataclass(frozen=True)
class Gallery:
    """g gallery images (g x d unit vectors) sorted by identity; labels index `identities`."""

    names: np.ndarray
    vectors: np.ndarray
    labels: np.ndarray
    identities: np.ndarray

    @property
    def starts(self) -> np.ndarray:
        """Identity i has rows starts[i]:starts[i + 1]; one number more than identities."""
        return np.searchsorted(self.labels, np.arange(len(self.identities) + 1))


def gallery_of(embeddings: Embeddings, rows: pd.DataFrame) -> Gallery:
    """The gallery from its rows (image, identity). Raises ValueError where it is empty."""
    if rows.empty:
        raise ValueError("the gallery is empty: no labelled image of a known identity")
    rows = rows.sort_values(["identity", "image"])
    labels, identities = pd.factorize(rows["identity"], sort=True)
    vectors = embeddings.of(rows["image"]).astype(np.float32)
    return Gallery(rows["image"].to_numpy(), vectors, labels, np.asarray(identities))


def search(vectors: np.ndarray, queries: np.ndarray, count: int, params: Neighbours) -> Found:
    """The `count` most similar of `vectors` (g x d) for each of `queries` (n x d)."""
    index = _index(vectors, params)
    similarities, rows = index.search(queries.astype(np.float32), min(count, len(vectors)))
    return Found(rows, similarities)


def _index(vectors: np.ndarray, params: Neighbours) -> faiss.Index:
    """An inner-product index, on the GPU where there is one; IVF needs 39 vectors a cell."""
    flat = faiss.IndexFlatIP(vectors.shape[1])
    index = flat
    if params.index == "ivf":
        lists = max(1, min(params.lists, len(vectors) // 39))
        index = faiss.IndexIVFFlat(flat, vectors.shape[1], lists, faiss.METRIC_INNER_PRODUCT)
        index.nprobe = min(params.probes, lists)
    if faiss.get_num_gpus():
        index = faiss.index_cpu_to_all_gpus(index)
    if not index.is_trained:
        index.train(vectors)
    index.add(vectors)
    return index


def score(
    queries: pd.Series, vectors: np.ndarray, gallery: Gallery, params: Neighbours, member: str
) -> tuple[pd.DataFrame, Found]:
    """The evidence of one member's queries (n names, n x d unit vectors), and their neighbours."""
    found = search(gallery.vectors, vectors, max(params.images, params.vote), params)
    means, centres = prototypes(gallery, params.outlier_deviations)
    by_mean = search(_unit(means), vectors, params.candidates, params)
    by_centre = search(centres, vectors, params.candidates, params)
    pairs = candidate_pairs(found, by_mean, by_centre, gallery, params.candidates)
    query, label = pairs.T
    scores = {
        "nearest": best_similarities(vectors, gallery, pairs),
        "mean": _products(vectors, means, pairs),
        "centre": _products(vectors, centres, pairs),
        "vote": votes(found, gallery, params.vote, pairs),
    }
    names = queries.to_numpy()[query]
    return evidence.build(names, gallery.identities[label], member, scores), found


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
    return np.array(means, dtype=np.float32), _unit(np.array(centres, dtype=np.float32))


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


def best_similarities(vectors: np.ndarray, gallery: Gallery, pairs: np.ndarray) -> np.ndarray:
    """Similarity of each pair's query to the identity's most similar image, one a pair."""
    best = np.empty(len(pairs))
    starts = gallery.starts
    for at in range(0, len(pairs), PAIRS_AT_ONCE):
        query, label = pairs[at : at + PAIRS_AT_ONCE].T
        sizes = starts[label + 1] - starts[label]
        first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        image = np.arange(sizes.sum()) - np.repeat(first - starts[label], sizes)
        products = _dots(vectors[np.repeat(query, sizes)], gallery.vectors[image])
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


def _products(vectors: np.ndarray, prototypes: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    blocks = (pairs[at : at + PAIRS_AT_ONCE].T for at in range(0, len(pairs), PAIRS_AT_ONCE))
    return np.concatenate([_dots(vectors[query], prototypes[label]) for query, label in blocks])


def _dots(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", first, second)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


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
