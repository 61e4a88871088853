"""k-reciprocal neighbourhoods against the definition, set by set, on dense matrices."""

import numpy as np
import pytest

from pipeline.steps.neighbours import reciprocal
from pipeline.steps.neighbours.reciprocal import Neighbourhood


def unit(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 4))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def nearest(vectors: np.ndarray, gallery: np.ndarray, k: int, own: bool) -> Neighbourhood:
    """By sorting; an image of the gallery itself (`own`) is none of its neighbours."""
    cosines = vectors @ gallery.T
    ranked = np.where(np.eye(*cosines.shape, dtype=bool) & own, -np.inf, cosines)
    rows = np.argsort(-ranked, axis=1)[:, :k]
    return Neighbourhood(vectors, rows, np.take_along_axis(cosines, rows, 1))


def naive(queries: np.ndarray, gallery: np.ndarray, k: int, blend: int) -> np.ndarray:
    """The authors' procedure, set by set, with neighbours from the gallery alone."""
    count = len(gallery)
    own, asked = nearest(gallery, gallery, k, True), nearest(queries, gallery, k, False)

    def reciprocal_of(images: Neighbourhood, i: int, depth: int) -> set[int]:
        found = set()
        for j in images.rows[i, :depth]:
            last = own.rows[j, depth - 1]
            if images.vectors[i] @ gallery[j] >= gallery[j] @ gallery[last] - 1e-12:
                found.add(int(j))
        return found | ({i} if images is own else set())

    def weights(images: Neighbourhood, i: int) -> np.ndarray:
        first = reciprocal_of(images, i, k)
        every = set(first)
        for j in first:
            theirs = reciprocal_of(own, j, max(k // 2, 1))
            if len(theirs & first) > 2 / 3 * len(theirs):
                every |= theirs
        row = np.zeros(count)
        for j in every:
            row[j] = np.exp(-np.sum((images.vectors[i] - gallery[j]) ** 2))
        return row / max(row.sum(), 1e-12)

    v = np.array([weights(own, i) for i in range(count)])
    q = np.array([weights(asked, i) for i in range(len(queries))])
    plain = v.copy()
    v = np.array([(v[i] + plain[own.rows[i, : blend - 1]].sum(0)) / blend for i in range(count)])
    q = np.array([(q[i] + plain[asked.rows[i, : blend - 1]].sum(0)) / blend for i in range(len(q))])
    low = np.minimum(q[:, None], v[None]).sum(2)
    return low / (2 - low)


def shared(queries: Neighbourhood, gallery: Neighbourhood, blend: int) -> np.ndarray:
    return np.array(list(reciprocal.jaccard(queries, gallery, blend)))


@pytest.mark.parametrize(("k", "blend"), [(1, 1), (4, 1), (6, 3), (10, 4)])
def test_it_is_the_papers(k, blend):
    gallery, queries = unit(30, 0), unit(8, 1)
    found = shared(nearest(queries, gallery, k, False), nearest(gallery, gallery, k, True), blend)
    assert found == pytest.approx(naive(queries, gallery, k, blend), abs=1e-9)
    assert found.max() > 0


def test_one_query_is_answered_as_among_many():
    gallery, queries = unit(40, 0), unit(9, 1)
    shown = nearest(gallery, gallery, 6, True)
    every = shared(nearest(queries, gallery, 6, False), shown, 3)
    alone = shared(nearest(queries[3:4], gallery, 6, False), shown, 3)
    assert alone == pytest.approx(every[3:4])


def test_by_hand():
    """Three copies far from the others. A fourth has two of them for neighbours, half each; the
    three have a third each: minima 2 x 1/3, maxima 2 - 2/3."""
    gallery = np.concatenate([np.tile([[1.0, 0, 0, 0]], (3, 1)), -np.abs(unit(5, 0))])
    found = shared(nearest(gallery[:1], gallery, 2, False), nearest(gallery, gallery, 2, True), 1)
    assert found[0] == pytest.approx([0.5] * 3 + [0] * 5)
