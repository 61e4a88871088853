"""k-reciprocal neighbourhoods compared with the paper's definition, set by set."""

import numpy as np
import pytest

from pipeline.steps.neighbours import reciprocal
from pipeline.steps.neighbours.reciprocal import Neighbourhood


def sample_unit(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 4))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def find_nearest(vectors: np.ndarray, gallery: np.ndarray, k: int, inside: bool) -> Neighbourhood:
    """By sorting; an image of the gallery (`inside`) is not its own neighbour."""
    cosines = vectors @ gallery.T
    ranked = np.where(np.eye(*cosines.shape, dtype=bool) & inside, -np.inf, cosines)
    rows = np.argsort(-ranked, axis=1)[:, :k]
    return Neighbourhood(vectors, rows, np.take_along_axis(cosines, rows, 1))


def naive_similarities(queries: np.ndarray, gallery: np.ndarray, k: int, blend: int) -> np.ndarray:
    """The authors' procedure, set by set, with neighbours from the gallery only."""
    count = len(gallery)
    of_gallery = find_nearest(gallery, gallery, k, True)
    of_queries = find_nearest(queries, gallery, k, False)

    def find_reciprocal(images: Neighbourhood, i: int, depth: int) -> set[int]:
        mutual = set()
        for j in images.rows[i, :depth]:
            last = of_gallery.rows[j, depth - 1]
            if images.vectors[i] @ gallery[j] >= gallery[j] @ gallery[last] - 1e-12:
                mutual.add(int(j))
        return mutual | ({i} if images is of_gallery else set())

    def weigh(images: Neighbourhood, i: int) -> np.ndarray:
        first = find_reciprocal(images, i, k)
        grown = set(first)
        for j in first:
            others = find_reciprocal(of_gallery, j, max(k // 2, 1))
            if len(others & first) > 2 / 3 * len(others):
                grown |= others
        row = np.zeros(count)
        for j in grown:
            row[j] = np.exp(-np.sum((images.vectors[i] - gallery[j]) ** 2))
        return row / max(row.sum(), 1e-12)

    plain = np.array([weigh(of_gallery, i) for i in range(count)])
    v, q = (
        np.array(
            [
                (weigh(images, i) + plain[images.rows[i, : blend - 1]].sum(0)) / blend
                for i in range(len(images.rows))
            ]
        )
        for images in (of_gallery, of_queries)
    )
    low = np.minimum(q[:, None], v[None]).sum(2)
    return low / (2 - low)


def compute(queries: Neighbourhood, gallery: Neighbourhood, blend: int) -> np.ndarray:
    return np.array(list(reciprocal.jaccard_similarities(queries, gallery, blend)))


@pytest.mark.parametrize(("k", "blend"), [(1, 1), (4, 1), (6, 3), (10, 4)])
def test_similarities_equal_the_definition(k, blend):
    gallery, queries = sample_unit(30, 0), sample_unit(8, 1)
    of_queries = find_nearest(queries, gallery, k, False)
    similarities = compute(of_queries, find_nearest(gallery, gallery, k, True), blend)
    assert similarities == pytest.approx(naive_similarities(queries, gallery, k, blend), abs=1e-9)
    assert similarities.max() > 0


def test_a_query_is_scored_as_if_it_were_the_only_one():
    gallery, queries = sample_unit(40, 0), sample_unit(9, 1)
    of_gallery = find_nearest(gallery, gallery, 6, True)
    together = compute(find_nearest(queries, gallery, 6, False), of_gallery, 3)
    alone = compute(find_nearest(queries[3:4], gallery, 6, False), of_gallery, 3)
    assert alone == pytest.approx(together[3:4])


def test_equal_vectors_by_hand():
    """Three equal vectors far from the others. A fourth has two of them for neighbours, half each;
    the three have a third each: minima 2 x 1/3, maxima 2 - 2/3."""
    gallery = np.concatenate([np.tile([[1.0, 0, 0, 0]], (3, 1)), -np.abs(sample_unit(5, 0))])
    query = find_nearest(gallery[:1], gallery, 2, False)
    similarities = compute(query, find_nearest(gallery, gallery, 2, True), 1)
    assert similarities[0] == pytest.approx([0.5] * 3 + [0] * 5)


@pytest.mark.parametrize("k", [1, 3])
def test_a_neighbourhood_is_averaged_with_no_more_images_than_it_has(k):
    gallery, queries = sample_unit(30, 0), sample_unit(8, 1)
    of_queries = find_nearest(queries, gallery, k, False)
    of_gallery = find_nearest(gallery, gallery, k, True)
    expected = compute(of_queries, of_gallery, k + 1)
    assert compute(of_queries, of_gallery, 20) == pytest.approx(expected)
    assert expected == pytest.approx(naive_similarities(queries, gallery, k, k + 1), abs=1e-9)
