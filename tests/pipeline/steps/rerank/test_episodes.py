"""Tasks: every identity brings a fresh photograph, padding has no weight."""

import numpy as np
import pytest
import torch

from pipeline.steps.rerank import episodes

# identities a, b, c; rows below 10 are fresh, a has the most of them
FRESH, FRESH_LABELS = np.array([0, 1, 2, 3]), np.array(["a", "a", "b", "c"])
TRAINED, LABELS = np.array([10, 11, 12, 13]), np.array(["a", "c", "c", "d"])


@pytest.fixture
def source() -> episodes.Pool:
    return episodes.pool(FRESH, FRESH_LABELS, TRAINED, LABELS)


def draw(source: episodes.Pool, each: int, ways: int, shots: int) -> np.ndarray:
    return episodes.drawn(source, each, ways, shots, np.random.default_rng(0))


def test_the_pool_by_hand(source):
    """d has no fresh photograph and is left out; b has no other."""
    assert source.rows.tolist() == [[0, 1, 10], [2, -1, -1], [3, 11, 12]]
    assert source.fresh.tolist() == [[1, 1, 0], [1, 0, 0], [1, 0, 0]]
    assert len(source) == 3


def test_an_empty_pool():
    nothing = episodes.pool(FRESH[:0], FRESH_LABELS[:0], TRAINED, LABELS)
    assert len(nothing) == 0


@pytest.mark.parametrize("shots", [1, 2, 3, 5])
def test_every_identity_of_every_task_brings_a_fresh_photograph(source, shots):
    rows = draw(source, 200, 3, shots)
    assert ((rows >= 0) & (rows < 10)).any(axis=2).all()
    assert ((rows[..., 0] >= 0) & (rows[..., 0] < 10)).all()


def test_photographs_are_of_one_identity_and_never_twice(source):
    names = {0: "a", 1: "a", 10: "a", 2: "b", 3: "c", 11: "c", 12: "c"}
    for task in draw(source, 50, 3, 2):
        own = [[row for row in way if row >= 0] for way in task.tolist()]
        assert all(len(set(way)) == len(way) for way in own)
        assert sorted(names[way[0]] for way in own) == ["a", "b", "c"]
        assert all(len({names[row] for row in way}) == 1 for way in own)


def test_every_photograph_has_its_turn(source):
    seen = draw(source, 300, 2, 2)
    assert set(np.unique(seen)) == {-1, 0, 1, 2, 3, 10, 11, 12}


def test_all_that_there_are_where_shots_are_many(source):
    rows = draw(source, 1, 3, 3)[0]
    assert sorted(tuple(sorted(way)) for way in rows.tolist()) == [
        (-1, -1, 2),
        (0, 1, 10),
        (3, 11, 12),
    ]


def test_a_task_by_hand():
    """Two ways of two shots; the second way has one photograph, which weighs as much as two."""
    vectors = torch.arange(8.0).view(4, 2)
    task = episodes.support_task(vectors, np.array([[[0, 3], [2, -1]]]))
    assert task.labels.tolist() == [[0, 0, 1, 1]]
    assert task.weights.tolist() == [[0.5, 0.5, 1.0, 0.0]]
    assert task.inputs[0, :3].tolist() == [[0, 1], [6, 7], [4, 5]]


def test_tasks_come_pool_by_pool_and_small_pools_make_small_tasks(source):
    other = episodes.pool(np.array([4, 5]), np.array(["x", "y"]), TRAINED, LABELS)
    vectors = np.eye(20, dtype=np.float32)
    rngs = [np.random.default_rng(seed) for seed in (0, 1)]
    task = episodes.sample([source, other], 3, 5, 2, vectors, rngs)
    assert task.inputs.shape == (6, 10, 20)
    ways = (task.weights.view(6, 5, 2).sum(dim=2) > 0).sum(dim=1)
    assert ways.tolist() == [3, 3, 3, 2, 2, 2]
    used = task.inputs[3:].argmax(dim=2)[task.weights[3:] > 0]
    assert set(used.tolist()) == {4, 5}
