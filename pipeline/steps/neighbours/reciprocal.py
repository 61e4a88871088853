"""k-reciprocal re-ranking (Zhong et al. 2017, arXiv:1701.08398), sparse, one query at a time.

Two photographs are alike where they have the same neighbours, and a neighbour counts that has them
for a neighbour too. The authors put all queries and the gallery into one N x N matrix; then a
query's answer depends on the other queries, and memory grows with N squared. Here the neighbours
are gallery photographs alone: memory grows with (queries + gallery) x the neighbours that are kept
of each, and every query is answered as if it were the only one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

CLOSE = 2 / 3  # how much of a neighbour's own neighbourhood must be shared for it to be taken over


@dataclass(frozen=True)
class Neighbourhood:
    """n images (n x d unit vectors), the rows of their k nearest gallery images (none of them the
    image itself) and the cosines, most similar first (n x k each).
    """

    vectors: np.ndarray
    rows: np.ndarray
    cosines: np.ndarray


def jaccard(queries: Neighbourhood, gallery: Neighbourhood, blend: int) -> Iterator[np.ndarray]:
    """For one query after another: how much its neighbourhood shares with each gallery image's (g),
    from 0 to 1: shared weight of all weight.

    blend : a neighbourhood is averaged with those of its `blend` - 1 nearest images (the paper's
        k2 is `blend`); 1 for not
    """
    own, asked = encoded(gallery, gallery, True), encoded(queries, gallery, False)
    if blend > 1:
        asked, own = (
            (weights + chosen(images.rows[:, : blend - 1], len(gallery.rows)) @ own) / blend
            for weights, images in ((asked, queries), (own, gallery))
        )
    return overlap(asked, own)


def encoded(images: Neighbourhood, gallery: Neighbourhood, inside: bool) -> sparse.csr_matrix:
    """Each image's k-reciprocal neighbours, n x g: exp(-squared distance), as shares of 1.

    A neighbour is reciprocal where the image is as near to it as its own k-th neighbour, or nearer.
    Images of the gallery (`inside`) are their own first neighbours; a query, which is not in it,
    has no column of its own, and all zeros where nobody is its neighbour.
    """
    mutual = images.cosines >= gallery.cosines[images.rows, -1]
    columns, weights = [], []
    for i, (rows, one) in enumerate(zip(images.rows, mutual, strict=True)):
        kept = grown(np.append(rows[one], i) if inside else rows[one], gallery)
        weight = np.exp(2 * (gallery.vectors[kept] @ images.vectors[i]) - 2)
        columns.append(kept)
        weights.append(weight / max(weight.sum(), 1e-12))
    ends = np.cumsum([0, *(len(kept) for kept in columns)])
    shape = len(images.rows), len(gallery.rows)
    return sparse.csr_matrix((np.concatenate(weights), np.concatenate(columns), ends), shape=shape)


def grown(own: np.ndarray, gallery: Neighbourhood) -> np.ndarray:
    """The reciprocal neighbours, and the nearer half of a neighbour's where most are `own` too."""
    half = max(gallery.rows.shape[1] // 2, 1)
    found = [own]
    for one in own:
        near = gallery.rows[one, :half]
        back = near[gallery.cosines[one, :half] >= gallery.cosines[near, half - 1]]
        back = np.append(back, one)
        if np.isin(back, own).sum() > CLOSE * len(back):
            found.append(back)
    return np.unique(np.concatenate(found)).astype(int)


def chosen(rows: np.ndarray, count: int) -> sparse.csr_matrix:
    """n x `count` with a 1 at each of the n x k `rows`: a product with it sums them up."""
    at = np.repeat(np.arange(len(rows)), rows.shape[1])
    return sparse.csr_matrix((np.ones(rows.size), (at, rows.ravel())), shape=(len(rows), count))


def overlap(asked: sparse.csr_matrix, own: sparse.csr_matrix) -> Iterator[np.ndarray]:
    """Sum of minima over sum of maxima of each row of `asked` and all of `own`.

    Rows add up to 1, so that the maxima add up to 2 less the minima.
    """
    asked, columns = asked.tocsr(), own.tocsc()
    for start, end in zip(asked.indptr[:-1], asked.indptr[1:], strict=True):
        minima = np.zeros(own.shape[0])
        for at, weight in zip(asked.indices[start:end], asked.data[start:end], strict=True):
            span = slice(columns.indptr[at], columns.indptr[at + 1])
            minima[columns.indices[span]] += np.minimum(columns.data[span], weight)
        yield minima / (2 - minima)
