"""The map that whitens descriptors: what is shipped, and what it learns."""

import numpy as np
import pytest

from pipeline.steps.keypoints import whitening


@pytest.fixture(scope="module")
def differences() -> np.ndarray:
    """Some directions of 16 differ three times as much as others, and two of them together."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, np.repeat([1.0, 3.0], 8), (4000, 16))
    values[:, 1] += 2 * values[:, 0]
    return values


@pytest.fixture(scope="module")
def descriptors() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 120, (500, 16), dtype=np.uint8)


def test_differences_become_white(differences, descriptors, monkeypatch):
    """Without shrinkage, their covariance is a multiple of the identity."""
    monkeypatch.setattr(whitening, "SHRINKAGE", 0.0)
    mapped = differences @ whitening.learn_map(differences, descriptors).matrix
    covariance = mapped.T @ mapped / len(mapped)
    size = float(covariance[0, 0])
    assert covariance == pytest.approx(size * np.eye(16), abs=1e-4 * size)


def test_shrinkage_bounds_what_a_direction_without_differences_counts(descriptors):
    flat = np.random.default_rng(0).normal(0, 1, (4000, 16))
    flat[:, 0] = 0
    weights = np.linalg.norm(whitening.learn_map(flat, descriptors).matrix, axis=1)
    assert weights[0] / weights[1:].mean() == pytest.approx((1.03 / 0.1) ** 0.5, rel=0.1)


def test_bytes_of_mapped_descriptors_keep_their_distances(differences, descriptors):
    found = whitening.learn_map(differences, descriptors)
    exact = (descriptors - found.mean) @ found.matrix
    assert np.sqrt(np.mean(np.sum(exact**2, axis=1))) == pytest.approx(255, rel=1e-4)
    fits = np.abs(exact) < 127
    stored = found.map_descriptors(descriptors).astype(float) - whitening.CENTRE
    assert np.abs(stored - exact)[fits].max() <= 0.5 + 1e-4 and fits.mean() > 0.9


def test_what_does_not_fit_into_a_byte_is_cut_off():
    found = whitening.Whitening(np.full(2, 10, np.float32), 2 * np.eye(2, dtype=np.float32))
    mapped = found.map_descriptors(np.array([[10, 9], [0, 100]], np.uint8))
    assert mapped.dtype == np.uint8 and mapped.tolist() == [[128, 126], [108, 255]]
    assert found.map_descriptors(np.empty((0, 2), np.uint8)).shape == (0, 2)


def test_a_map_is_stored(differences, descriptors, tmp_path):
    found = whitening.learn_map(differences, descriptors)
    whitening.save_map(found, tmp_path / "map.npz")
    stored = whitening.load_map(tmp_path / "map.npz")
    np.testing.assert_array_equal(stored.matrix, found.matrix)
    np.testing.assert_array_equal(stored.mean, found.mean)


def test_the_map_that_is_shipped_is_for_root_sift():
    """Symmetric, of full rank, and no direction counts many times as much as another."""
    shipped = whitening.load_map()
    assert shipped.matrix.shape == (128, 128) and shipped.mean.shape == (128,)
    assert shipped.matrix == pytest.approx(shipped.matrix.T, abs=1e-4)
    values = np.linalg.eigvalsh(shipped.matrix)
    assert values.min() > 0 and values.max() < 10 * values.min()
