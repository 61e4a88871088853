import numpy as np
import pytest

from pipeline.steps.report import embedding_map


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_similar_photographs_lie_together():
    """Two clusters of ten: the nearest point of every photograph is of its cluster."""
    rng = np.random.default_rng(0)
    vectors = unit(np.repeat(np.eye(2, 8), 10, axis=0) + 0.1 * rng.normal(size=(20, 8)))
    positions = embedding_map.project(vectors, seed=0)
    assert positions.min() == 0 and positions.max() == pytest.approx(1)
    apart = np.linalg.norm(positions[:, None] - positions[None], axis=2) + 9 * np.eye(20)
    assert (apart.argmin(axis=1) // 10 == np.arange(20) // 10).all()


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_few_photographs_have_positions(count):
    positions = embedding_map.project(
        unit(np.random.default_rng(1).normal(size=(count, 4))), seed=0
    )
    assert positions.shape == (count, 2) and np.isfinite(positions).all()


def test_of_many_photographs_some_are_sampled(monkeypatch):
    assert embedding_map.sample_rows(5, 0).tolist() == [0, 1, 2, 3, 4]
    monkeypatch.setattr(embedding_map, "MAX_POINTS", 3)
    sampled = embedding_map.sample_rows(50, 0)
    assert len(set(sampled)) == 3 and (np.diff(sampled) > 0).all()
    assert sampled.tolist() == embedding_map.sample_rows(50, 0).tolist()


def test_identical_vectors_have_distinct_positions():
    same = np.tile(np.eye(1, 8, dtype=np.float32), (6, 1))
    positions = embedding_map.project(same, 0)
    assert positions.shape == (6, 2) and np.isfinite(positions).all()
    assert len(np.unique(positions, axis=0)) == 6
