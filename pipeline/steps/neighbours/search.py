"""A gallery, and the Faiss search in it."""

from dataclasses import dataclass, field
from typing import NamedTuple

import faiss
import numpy as np
import pandas as pd

from pipeline.data.gallery import Embeddings
from pipeline.params import Neighbours


@dataclass(frozen=True)
class Nearest:
    """The k nearest gallery images of every query, most similar first (n x k; -1 for none)."""

    rows: np.ndarray
    similarities: np.ndarray


class Prototypes(NamedTuple):
    """Of i identities: directions (i x d) and lengths of the means, and unit centres (i x d)."""

    directions: np.ndarray
    lengths: np.ndarray
    centres: np.ndarray


@dataclass(frozen=True)
class Gallery:
    """g gallery images (g x d unit vectors) sorted by identity; labels index `identities`.

    prototypes : of the identities by `outlier_deviations`, computed once (`scores.find_prototypes`)
    """

    names: np.ndarray
    vectors: np.ndarray
    labels: np.ndarray
    identities: np.ndarray
    prototypes: dict[float, Prototypes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def starts(self) -> np.ndarray:
        """Identity i has rows starts[i]:starts[i + 1]; one number more than identities."""
        return np.searchsorted(self.labels, np.arange(len(self.identities) + 1))

    def select(self, rows: np.ndarray) -> "Gallery":
        """The images for which `rows` (g, bool) is true, and their identities."""
        if rows.all():  # a large gallery is not copied
            return self
        present, labels = np.unique(self.labels[rows], return_inverse=True)
        return Gallery(self.names[rows], self.vectors[rows], labels, self.identities[present])


def build_gallery(embeddings: Embeddings, rows: pd.DataFrame) -> Gallery:
    """The gallery from its rows (image, identity). Raises ValueError if there are none."""
    if rows.empty:
        raise ValueError("the gallery is empty: no labelled image of a known identity")
    rows = rows.sort_values(["identity", "image"])
    labels, identities = pd.factorize(rows["identity"], sort=True)
    vectors = embeddings.of(rows["image"]).astype(np.float32, copy=False)
    return Gallery(rows["image"].to_numpy(), vectors, labels, np.asarray(identities))


def search(vectors: np.ndarray, queries: np.ndarray, count: int, params: Neighbours) -> Nearest:
    """The `count` most similar of `vectors` (g x d) for each of `queries` (n x d).

    Exactly on the CPU without a copy of the vectors: they are gigabytes for a million photographs.
    """
    queries, count = queries.astype(np.float32, copy=False), min(count, len(vectors))
    if params.index == "exact" and not faiss.get_num_gpus():
        vectors = np.ascontiguousarray(vectors, np.float32)
        product = faiss.METRIC_INNER_PRODUCT
        similarities, rows = faiss.knn(np.ascontiguousarray(queries), vectors, count, product)
    else:
        similarities, rows = build_index(vectors, params).search(queries, count)
    return Nearest(rows, similarities)


def build_index(vectors: np.ndarray, params: Neighbours) -> faiss.Index:
    """An inner-product index, on a GPU if there is one; IVF needs 39 vectors per cell."""
    flat = faiss.IndexFlatIP(vectors.shape[1])
    index: faiss.Index = flat
    if params.index == "ivf":
        lists = max(1, min(params.lists, len(vectors) // 39))
        inverted = faiss.IndexIVFFlat(flat, vectors.shape[1], lists, faiss.METRIC_INNER_PRODUCT)
        inverted.nprobe = min(params.probes, lists)
        index = inverted
    if faiss.get_num_gpus():
        index = faiss.index_cpu_to_all_gpus(index)
    if not index.is_trained:
        index.train(vectors)
    index.add(vectors)
    return index


def search_others(gallery: Gallery, count: int, params: Neighbours) -> Nearest:
    """The `count` nearest other gallery images of each gallery image (g x count)."""
    exact = params.model_copy(update={"index": "exact"})  # so that every image is its own nearest
    nearest = search(gallery.vectors, gallery.vectors, count + 1, exact)
    itself = nearest.rows == np.arange(len(nearest.rows))[:, None]
    # among equal vectors an image may not be its own nearest: its last neighbour goes instead
    itself[~itself.any(axis=1), -1] = True
    shape = len(itself), -1
    return Nearest(
        nearest.rows[~itself].reshape(shape), nearest.similarities[~itself].reshape(shape)
    )
