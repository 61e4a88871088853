"""The index of local features, against every distance."""

import faiss
import numpy as np
import pytest

from pipeline import params
from pipeline.steps.match import index as feature_index
from tests.conftest import ROOT

SECTION = params.load(ROOT / "tests/params.yaml").match.model_copy(update={"probes": 12})
COUNT = 6000
PLACES = np.random.default_rng(0).integers(0, 256, (1200, 128))  # five features each


def features(count: int, seed: int) -> np.ndarray:
    """Descriptors of one place after another, seen slightly differently."""
    rng = np.random.default_rng(seed)
    near = PLACES[np.arange(count) % len(PLACES)] + rng.normal(0, 20, (count, 128))
    return near.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def index() -> faiss.Index:
    return feature_index.build_index(features(COUNT, 1), SECTION)


def search_all(query: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Every distance."""
    gallery = features(COUNT, 1).astype(float)
    distances = np.array([np.linalg.norm(gallery - one, axis=1) for one in query.astype(float)])
    rows = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(distances, rows, axis=1) / feature_index.LEVELS, rows


def test_most_neighbours_are_found_and_have_their_exact_distances(index):
    query = features(100, 2)
    distances, rows = feature_index.search(query, index, 5)
    exact, expected = search_all(query, 5)
    assert np.mean([np.isin(*both).mean() for both in zip(rows, expected, strict=True)]) > 0.9
    true = [
        np.linalg.norm(features(COUNT, 1)[r].astype(float) - q, axis=1)
        for r, q in zip(rows, query.astype(float), strict=True)
    ]
    assert distances == pytest.approx(np.array(true) / feature_index.LEVELS, rel=1e-5)
    assert (np.diff(distances) >= 0).all() and (distances >= exact - 1e-6).all()


def test_a_feature_of_the_gallery_is_its_own_nearest(index):
    distances, rows = feature_index.search(features(COUNT, 1)[:200], index, 1)
    assert not distances.any() and (rows[:, 0] == np.arange(200)).mean() > 0.98


def test_a_feature_alone_finds_what_it_finds_among_many(index):
    query = features(300, 3)
    together = feature_index.search(query, index, 12)
    alone = [feature_index.search(query[i : i + 1], index, 12) for i in range(len(query))]
    for found, expected in zip(zip(*alone, strict=True), together, strict=True):
        np.testing.assert_array_equal(np.concatenate(found), expected)


def test_the_number_of_threads_changes_nothing(index):
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    other = feature_index.build_index(features(COUNT, 1), SECTION)
    faiss.omp_set_num_threads(before)
    for found, expected in zip(
        feature_index.search(features(50, 4), other, 12),
        feature_index.search(features(50, 4), index, 12),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


def test_a_stored_index_finds_the_same_and_takes_more_features(index, tmp_path):
    faiss.write_index(index, str(tmp_path / "index.faiss"))
    stored, query = faiss.read_index(str(tmp_path / "index.faiss")), features(50, 5)
    for found, expected in zip(
        feature_index.search(query, stored, 12),
        feature_index.search(query, index, 12),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)
    stored.add(query.astype(np.float32))
    _, rows = feature_index.search(query, stored, 6)
    assert rows[:, 0].tolist() == list(range(COUNT, COUNT + 50))


def test_few_features_are_searched_exactly():
    gallery, query = features(COUNT, 1)[: feature_index.MIN_CODED - 1], features(40, 6)
    distances, rows = feature_index.search(query, feature_index.build_index(gallery, SECTION), 5)
    every = np.linalg.norm(gallery[None].astype(float) - query[:, None], axis=2)
    assert distances == pytest.approx(np.sort(every, axis=1)[:, :5] / 255, rel=1e-5)
    assert (rows == np.argsort(every, axis=1, kind="stable")[:, :5]).mean() > 0.99


def test_the_gpu_index_has_the_descriptors_themselves(monkeypatch):
    """What is moved to the GPUs finds on the CPU nearly what the CPU's own index finds."""
    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", lambda index: index, raising=False)
    found = feature_index.build_gpu_index(features(COUNT, 1), SECTION)
    distances, rows = feature_index.search(features(100, 2), found, 5)
    exact, expected = search_all(features(100, 2), 5)
    assert np.mean([np.isin(*both).mean() for both in zip(rows, expected, strict=True)]) > 0.9
    assert (distances >= exact - 1e-6).all()
