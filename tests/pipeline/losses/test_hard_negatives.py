"""Hard negatives are the best of all assignments."""

import itertools

import numpy as np
import pytest

from pipeline.losses.hard_negatives import assign_hard_negatives


def assign(scores: np.ndarray, labels: list[int], block: int = 99, noise: float = 0.0, seed=0):
    return assign_hard_negatives(
        lambda rows, columns: scores[np.ix_(rows, columns)].copy(),
        np.array(labels),
        block,
        noise,
        np.random.default_rng(seed),
        np.ones(len(labels), bool),
    )


def slow(scores: np.ndarray, labels: list[int]) -> float:
    """The highest sum over all ways to assign a negative to every image, none twice."""

    def allowed(i: int, j: int) -> bool:
        return i != j and (labels[i] != labels[j] or labels[i] == -1)

    orders = itertools.permutations(range(len(labels)))
    valid = (order for order in orders if all(allowed(i, j) for i, j in enumerate(order)))
    return max(sum(scores[i, j] for i, j in enumerate(order)) for order in valid)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_best_of_all_assignments(seed):
    scores = np.random.default_rng(seed).random((7, 7))
    labels = [0, 0, 1, 1, 2, -1, -1]
    negatives = assign(scores, labels)
    assert sorted(negatives) == list(range(7))
    assert scores[np.arange(7), negatives].sum() == pytest.approx(slow(scores, labels))
    assert all(labels[i] != labels[j] or labels[i] == -1 for i, j in enumerate(negatives))
    assert not (negatives == np.arange(7)).any()


def test_the_most_similar_image_of_all_is_assigned_once():
    """Image 3 is most similar to every other: a greedy choice would take it three times."""
    scores = np.full((4, 4), 0.1)
    scores[:3, 3] = 0.9
    assert sorted(assign(scores, [0, 1, 2, 3])) == [0, 1, 2, 3]


def test_images_without_a_possible_negative_get_none():
    """Three images of one individual and one of another: two get none."""
    negatives = assign(np.random.default_rng(0).random((4, 4)), [0, 0, 0, 1])
    assert (negatives == -1).sum() == 2 and negatives[3] in (0, 1, 2)
    assert assign(np.ones((1, 1)), [0]).tolist() == [-1]


def test_blocks_are_assigned_among_themselves_and_noise_changes_the_pairs():
    scores = np.random.default_rng(0).random((40, 40))
    labels = list(range(40))
    sizes = []

    def score(rows, columns):
        sizes.append(len(rows))
        return scores[np.ix_(rows, columns)].copy()

    rng = np.random.default_rng(0)
    anchors = np.ones(40, bool)
    negatives = assign_hard_negatives(score, np.array(labels), 12, 0.0, rng, anchors)
    assert sizes == [10] * 4 and sorted(negatives) == labels
    assert assign(scores, labels, noise=5.0, seed=1).tolist() != assign(scores, labels).tolist()
    assert assign(scores, labels, seed=1).tolist() == assign(scores, labels).tolist()


def test_images_that_are_no_anchors_take_no_negative_away():
    """Images 2 and 3 are most similar, but only 0 and 1 are anchors: 0 gets 2."""
    scores = np.array(
        [[0, 0.2, 0.9, 0.1], [0.2, 0, 0.3, 0.1], [0.9, 0.3, 0, 0.99], [0.1, 0.1, 0.99, 0]]
    )
    negatives = assign_hard_negatives(
        lambda rows, columns: scores[np.ix_(rows, columns)],
        np.array([0, 1, -1, -1]),
        99,
        0.0,
        np.random.default_rng(0),
        np.array([True, True, False, False]),
    )
    assert negatives.tolist() == [2, 0, -1, -1]


def test_a_block_without_an_anchor_is_not_scored():
    negatives = assign_hard_negatives(
        lambda rows, columns: 1 / 0,
        np.full(4, -1),
        2,
        0.0,
        np.random.default_rng(0),
        np.zeros(4, bool),
    )
    assert negatives.tolist() == [-1] * 4
