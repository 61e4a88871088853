"""k-reciprocal re-ranking (Zhong et al. 2017, arXiv:1701.08398), sparse, one query at a time.

Two photographs are alike if they have the same neighbours, and a neighbour counts if both are
neighbours of each other. The authors put all queries and the gallery into one N x N matrix; then a
query's answer depends on the other queries, and memory grows with N squared. Here the neighbours
are gallery photographs only: memory grows with (queries + gallery) x the number of neighbours of
each, and every query is scored as if it were the only one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

OVERLAP = 2 / 3  # a neighbour's neighbourhood is added if more than this fraction is shared


@dataclass(frozen=True)
class Neighbourhood:
    """n images with their k nearest gallery images, most similar first.

    vectors: n x d unit vectors; rows: n x k, of the gallery, none of them the image itself;
    cosines: n x k
    """

    vectors: np.ndarray
    rows: np.ndarray
    cosines: np.ndarray


def jaccard_similarities(
    queries: Neighbourhood, gallery: Neighbourhood, blend: int
) -> Iterator[np.ndarray]:
    """Yield per query the overlap of its neighbourhood with that of each gallery image (g).

    From 0 to 1: shared weight of all weight.

    blend : a neighbourhood is averaged with those of its `blend` - 1 nearest images (the paper's
        k2 is `blend`); 1 for no average; at most with its k
    """
    of_gallery, of_queries = encode(gallery, gallery, True), encode(queries, gallery, False)
    if blend > 1:
        of_queries, of_gallery = (
            (weights + sum_rows(images.rows[:, : blend - 1], len(gallery.rows)) @ of_gallery)
            / min(blend, 1 + images.rows.shape[1])
            for weights, images in ((of_queries, queries), (of_gallery, gallery))
        )
    return compute_overlaps(of_queries, of_gallery)


def encode(images: Neighbourhood, gallery: Neighbourhood, inside: bool) -> sparse.csr_matrix:
    """Each image's k-reciprocal neighbours, n x g: exp(-squared distance), each row with sum 1.

    A neighbour is reciprocal if the image is as near to it as its own k-th neighbour, or nearer.
    Images of the gallery (`inside`) are their own first neighbours; a query, which is not in it,
    has no column, and all zeros without a reciprocal neighbour.
    """
    mutual = images.cosines >= gallery.cosines[images.rows, -1]
    columns, weights = [], []
    for i, (rows, is_mutual) in enumerate(zip(images.rows, mutual, strict=True)):
        near = rows[is_mutual]
        neighbours = grow(np.append(near, i) if inside else near, gallery)
        weight = np.exp(2 * (gallery.vectors[neighbours] @ images.vectors[i]) - 2)
        columns.append(neighbours)
        weights.append(weight / max(weight.sum(), 1e-12))
    ends = np.cumsum([0, *(len(neighbours) for neighbours in columns)])
    shape = len(images.rows), len(gallery.rows)
    return sparse.csr_matrix((np.concatenate(weights), np.concatenate(columns), ends), shape=shape)


def grow(neighbours: np.ndarray, gallery: Neighbourhood) -> np.ndarray:
    """The reciprocal neighbours, with the nearer half of a neighbour's if most are shared."""
    half = max(gallery.rows.shape[1] // 2, 1)
    grown = [neighbours]
    for neighbour in neighbours:
        near = gallery.rows[neighbour, :half]
        back = near[gallery.cosines[neighbour, :half] >= gallery.cosines[near, half - 1]]
        back = np.append(back, neighbour)
        if np.isin(back, neighbours).sum() > OVERLAP * len(back):
            grown.append(back)
    return np.unique(np.concatenate(grown)).astype(int)


def sum_rows(rows: np.ndarray, count: int) -> sparse.csr_matrix:
    """n x `count` with a 1 at each of the n x k `rows`: a product with it sums them up."""
    at = np.repeat(np.arange(len(rows)), rows.shape[1])
    return sparse.csr_matrix((np.ones(rows.size), (at, rows.ravel())), shape=(len(rows), count))


def compute_overlaps(
    queries: sparse.csr_matrix, gallery: sparse.csr_matrix
) -> Iterator[np.ndarray]:
    """Yield per row of `queries` the sum of minima over that of maxima with each gallery row.

    Rows add up to 1, so that the maxima add up to 2 less the minima.
    """
    queries, columns = queries.tocsr(), gallery.tocsc()
    for start, end in zip(queries.indptr[:-1], queries.indptr[1:], strict=True):
        minima = np.zeros(gallery.shape[0])
        for at, weight in zip(queries.indices[start:end], queries.data[start:end], strict=True):
            span = slice(columns.indptr[at], columns.indptr[at + 1])
            minima[columns.indices[span]] += np.minimum(columns.data[span], weight)
        yield minima / (2 - minima)
