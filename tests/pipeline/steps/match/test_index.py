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
    return feature_index.build_index(features(COUNT, 1), np.arange(COUNT), SECTION)


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
    other = feature_index.build_index(features(COUNT, 1), np.arange(COUNT), SECTION)
    faiss.omp_set_num_threads(before)
    for found, expected in zip(
        feature_index.search(features(50, 4), other, 12),
        feature_index.search(features(50, 4), index, 12),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


def test_a_stored_index_finds_the_same_and_takes_more_features(index, tmp_path):
    query = features(50, 5)
    descriptors = np.concatenate([features(COUNT, 1), query])
    codes = feature_index.build_codes(descriptors, np.arange(COUNT), SECTION)
    faiss.write_index(codes, str(tmp_path / "index.faiss"))
    stored = feature_index.refine(faiss.read_index(str(tmp_path / "index.faiss")), descriptors)
    for found, expected in zip(
        feature_index.search(query, stored, 12),
        feature_index.search(query, index, 12),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)
    feature_index.extend(stored, descriptors, np.arange(COUNT, COUNT + 50))
    _, rows = feature_index.search(query, stored, 6)
    assert rows[:, 0].tolist() == list(range(COUNT, COUNT + 50))


@pytest.mark.parametrize("count", [COUNT, feature_index.MIN_CODED - 1])
def test_only_the_rows_that_are_asked_for_are_found_by_their_numbers(count):
    """In any order: what finds number 7 of every second one, counted from behind, finds its row."""
    descriptors, query = features(2 * count, 1), features(40, 2)
    rows = np.arange(0, 2 * count, 2)[::-1].copy()
    found = feature_index.search(query, feature_index.build_index(descriptors, rows, SECTION), 5)
    alone = feature_index.build_index(descriptors[rows], np.arange(count), SECTION)
    expected = feature_index.search(query, alone, 5)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], rows[expected[1]])


def test_descriptors_are_not_copied():
    descriptors = features(20_000, 1)
    codes = feature_index.build_codes(descriptors, np.arange(len(descriptors)), SECTION)
    stored = len(faiss.serialize_index(codes))
    centres = codes.nlist * 128 * 4
    assert stored - centres < 0.35 * descriptors.nbytes


def test_few_features_are_searched_exactly():
    gallery, query = features(COUNT, 1)[: feature_index.MIN_CODED - 1], features(40, 6)
    index = feature_index.build_index(gallery, np.arange(len(gallery)), SECTION)
    distances, rows = feature_index.search(query, index, 5)
    every = np.linalg.norm(gallery[None].astype(float) - query[:, None], axis=2)
    assert distances == pytest.approx(np.sort(every, axis=1)[:, :5] / 255, rel=1e-5)
    assert (rows == np.argsort(every, axis=1, kind="stable")[:, :5]).mean() > 0.99


def test_the_gpu_index_has_the_descriptors_themselves(monkeypatch):
    """What is moved to the GPUs finds on the CPU nearly what the CPU's own index finds."""
    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", lambda index: index, raising=False)
    found = feature_index.build_gpu_index(features(COUNT, 1), np.arange(COUNT), SECTION)
    distances, rows = feature_index.search(features(100, 2), found, 5)
    exact, expected = search_all(features(100, 2), 5)
    assert np.mean([np.isin(*both).mean() for both in zip(rows, expected, strict=True)]) > 0.9
    assert (distances >= exact - 1e-6).all()
