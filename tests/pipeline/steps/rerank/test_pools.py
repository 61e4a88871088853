"""Episodes: every identity has a held-out photograph, padding has no weight."""

import numpy as np
import pytest
import torch

from pipeline.steps.rerank import pools

# identities a, b, c; rows below 10 are held out, a has the most of them
HELD_OUT, HELD_OUT_LABELS = np.array([0, 1, 2, 3]), np.array(["a", "a", "b", "c"])
GALLERY, LABELS = np.array([10, 11, 12, 13]), np.array(["a", "c", "c", "d"])


@pytest.fixture
def pool() -> pools.Pool:
    return pools.build_pool(HELD_OUT, HELD_OUT_LABELS, GALLERY, LABELS)


def sample(pool: pools.Pool, tasks: int, ways: int, shots: int) -> np.ndarray:
    return pools.sample_rows(pool, tasks, (ways, shots), np.random.default_rng(0))


def test_the_pool_by_hand(pool):
    """d has no held-out photograph and is left out; b has no other."""
    assert pool.rows.tolist() == [[0, 1, 10], [2, -1, -1], [3, 11, 12]]
    assert pool.held_out.tolist() == [[1, 1, 0], [1, 0, 0], [1, 0, 0]]
    assert len(pool) == 3


def test_a_pool_may_be_empty():
    assert len(pools.build_pool(HELD_OUT[:0], HELD_OUT_LABELS[:0], GALLERY, LABELS)) == 0


@pytest.mark.parametrize("shots", [1, 2, 3, 5])
def test_every_identity_of_every_task_has_a_held_out_photograph(pool, shots):
    rows = sample(pool, 200, 3, shots)
    assert ((rows >= 0) & (rows < 10)).any(axis=2).all()
    assert ((rows[..., 0] >= 0) & (rows[..., 0] < 10)).all()


def test_photographs_are_of_one_identity_and_never_repeated(pool):
    names = {0: "a", 1: "a", 10: "a", 2: "b", 3: "c", 11: "c", 12: "c"}
    for task in sample(pool, 50, 3, 2):
        by_way = [[row for row in way if row >= 0] for way in task.tolist()]
        assert all(len(set(way)) == len(way) for way in by_way)
        assert sorted(names[way[0]] for way in by_way) == ["a", "b", "c"]
        assert all(len({names[row] for row in way}) == 1 for way in by_way)


def test_every_photograph_is_sampled_sometimes(pool):
    rows = sample(pool, 300, 2, 2)
    assert set(np.unique(rows)) == {-1, 0, 1, 2, 3, 10, 11, 12}


def test_many_shots_use_all_photographs(pool):
    rows = sample(pool, 1, 3, 3)[0]
    assert sorted(tuple(sorted(way)) for way in rows.tolist()) == [
        (-1, -1, 2),
        (0, 1, 10),
        (3, 11, 12),
    ]


def test_tasks_come_pool_by_pool_and_small_pools_give_small_tasks(pool):
    other = pools.build_pool(np.array([4, 5]), np.array(["x", "y"]), GALLERY, LABELS)
    vectors = torch.eye(20)
    rngs = [np.random.default_rng(seed) for seed in (0, 1)]
    episodes = pools.sample_episodes([pool, other], 3, (5, 2), vectors, rngs)
    inputs, _, weights = episodes.support
    assert inputs.shape == (6, 10, 20)
    assert episodes.queries.shape == (6, 0, 20) and episodes.ways == 5
    ways = (weights.view(6, 5, 2).sum(dim=2) > 0).sum(dim=1)
    assert ways.tolist() == [3, 3, 3, 2, 2, 2]
    used = inputs[3:].argmax(dim=2)[weights[3:] > 0]
    assert set(used.tolist()) == {4, 5}
