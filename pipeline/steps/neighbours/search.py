"""A member's gallery, and the Faiss search in it."""

from dataclasses import dataclass

import faiss
import numpy as np
import pandas as pd

from pipeline.data.gallery import Embeddings
from pipeline.params import Neighbours


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

    def only(self, rows: np.ndarray) -> "Gallery":
        """The images where `rows` (g, bool) is true, and their identities."""
        kept, labels = np.unique(self.labels[rows], return_inverse=True)
        return Gallery(self.names[rows], self.vectors[rows], labels, self.identities[kept])


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
    index = index_of(vectors, params)
    similarities, rows = index.search(queries.astype(np.float32), min(count, len(vectors)))
    return Found(rows, similarities)


def index_of(vectors: np.ndarray, params: Neighbours) -> faiss.Index:
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


def others(gallery: Gallery, count: int, params: Neighbours) -> tuple[np.ndarray, np.ndarray]:
    """Rows and similarities of each gallery image's `count` nearest others (g x count)."""
    exact = params.model_copy(
        update={"index": "exact"}
    )  # every image finds itself, and is left out
    near = search(gallery.vectors, gallery.vectors, count + 1, exact)
    own = near.rows == np.arange(len(near.rows))[:, None]
    # among copies an image may not find itself: its last neighbour goes instead
    own[~own.any(axis=1), -1] = True
    return near.rows[~own].reshape(len(own), -1), near.similarities[~own].reshape(len(own), -1)
