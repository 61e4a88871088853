import numpy as np
import pytest

from pipeline.steps.report import layout


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_those_that_are_alike_lie_together():
    """Two bunches of ten: each photograph's nearest on the plane is of its own bunch."""
    rng = np.random.default_rng(0)
    vectors = unit(np.repeat(np.eye(2, 8), 10, axis=0) + 0.1 * rng.normal(size=(20, 8)))
    places = layout.plane(vectors, seed=0)
    assert places.min() == 0 and places.max() == pytest.approx(1)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(20)
    assert (apart.argmin(axis=1) // 10 == np.arange(20) // 10).all()


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_few_photographs_have_places_too(count):
    places = layout.plane(unit(np.random.default_rng(1).normal(size=(count, 4))), seed=0)
    assert places.shape == (count, 2) and np.isfinite(places).all()


def test_of_many_some_are_drawn_by_lot(monkeypatch):
    assert layout.chosen(5, 0).tolist() == [0, 1, 2, 3, 4]
    monkeypatch.setattr(layout, "MOST", 3)
    drawn = layout.chosen(50, 0)
    assert len(set(drawn)) == 3 and (np.diff(drawn) > 0).all()
    assert drawn.tolist() == layout.chosen(50, 0).tolist()


def test_vectors_that_are_all_the_same_have_places_too():
    same = np.tile(np.eye(1, 8, dtype=np.float32), (6, 1))
    found = layout.plane(same, 0)
    assert found.shape == (6, 2) and np.isfinite(found).all() and len(np.unique(found, axis=0)) == 6
