"""Hard negatives: the best assignment of all, by trying every one."""

import itertools

import numpy as np
import pytest

from pipeline.losses import hard_negatives


def chosen(scores: np.ndarray, labels: list[int], block: int = 99, noise: float = 0.0, seed=0):
    return hard_negatives.hard_negatives(
        lambda rows, columns: scores[np.ix_(rows, columns)].copy(),
        np.array(labels),
        block,
        noise,
        np.random.default_rng(seed),
        np.ones(len(labels), bool),
    )


def slow(scores: np.ndarray, labels: list[int]) -> float:
    """The highest sum over all ways to give everybody another individual's image, none twice."""

    def allowed(i: int, j: int) -> bool:
        return i != j and (labels[i] != labels[j] or labels[i] == -1)

    ways = itertools.permutations(range(len(labels)))
    fair = (way for way in ways if all(allowed(i, j) for i, j in enumerate(way)))
    return max(sum(scores[i, j] for i, j in enumerate(way)) for way in fair)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_best_of_all_assignments(seed):
    scores = np.random.default_rng(seed).random((7, 7))
    labels = [0, 0, 1, 1, 2, -1, -1]
    found = chosen(scores, labels)
    assert sorted(found) == list(range(7))
    assert scores[np.arange(7), found].sum() == pytest.approx(slow(scores, labels))
    assert all(labels[i] != labels[j] or labels[i] == -1 for i, j in enumerate(found))
    assert not (found == np.arange(7)).any()


def test_one_popular_image_is_given_to_one_alone():
    """Image 3 is everybody's most similar: a greedy choice would take it three times."""
    scores = np.full((4, 4), 0.1)
    scores[:3, 3] = 0.9
    assert sorted(chosen(scores, [0, 1, 2, 3])) == [0, 1, 2, 3]


def test_nobody_is_left_for_some():
    """Three images of one individual and one of another: two stay without."""
    found = chosen(np.random.default_rng(0).random((4, 4)), [0, 0, 0, 1])
    assert (found == -1).sum() == 2 and found[3] in (0, 1, 2)
    assert chosen(np.ones((1, 1)), [0]).tolist() == [-1]


def test_blocks_choose_among_themselves_and_noise_brings_others():
    scores = np.random.default_rng(0).random((40, 40))
    labels = list(range(40))
    sizes = []

    def score(rows, columns):
        sizes.append(len(rows))
        return scores[np.ix_(rows, columns)].copy()

    rng = np.random.default_rng(0)
    everybody = np.ones(40, bool)
    found = hard_negatives.hard_negatives(score, np.array(labels), 12, 0.0, rng, everybody)
    assert sizes == [10] * 4 and sorted(found) == labels
    assert chosen(scores, labels, noise=5.0, seed=1).tolist() != chosen(scores, labels).tolist()
    assert chosen(scores, labels, seed=1).tolist() == chosen(scores, labels).tolist()


def test_who_does_not_ask_takes_nobody_away():
    """N1 and N2 are most alike, but only A and B ask: A gets N1."""
    scores = np.array(
        [[0, 0.2, 0.9, 0.1], [0.2, 0, 0.3, 0.1], [0.9, 0.3, 0, 0.99], [0.1, 0.1, 0.99, 0]]
    )
    asking = np.array([True, True, False, False])
    found = hard_negatives.hard_negatives(
        lambda rows, columns: scores[np.ix_(rows, columns)],
        np.array([0, 1, -1, -1]),
        99,
        0.0,
        np.random.default_rng(0),
        asking,
    )
    assert found.tolist() == [2, 0, -1, -1]


def test_a_block_in_which_nobody_asks_is_passed_over():
    asking = np.zeros(4, bool)
    found = hard_negatives.hard_negatives(
        lambda rows, columns: 1 / 0, np.full(4, -1), 2, 0.0, np.random.default_rng(0), asking
    )
    assert found.tolist() == [-1] * 4
