"""Fusion and the permutation, with numbers by hand."""

import numpy as np
import pytest

from pipeline.steps.rerank import fusion

PAD = -np.inf


def test_scores_are_joined_as_deviations_from_their_query():
    """(3, 2, 1) and (0, 0, 3) standardise to (1.22, 0, -1.22) and (-.71, -.71, 1.41)."""
    found = fusion.fused(np.array([[3.0, 2, 1]]), np.array([[0.0, 0, 3]]), 2.0)
    a, b = 1.5**0.5, 0.5**0.5
    assert found == pytest.approx(np.array([[a - 2 * b, -2 * b, -a + 4 * b]]), abs=1e-6)


@pytest.mark.parametrize("weight", [0.0, 1.0])
@pytest.mark.filterwarnings("error")
def test_padding_stays_last_and_moves_nothing(weight):
    first, second = np.array([[0.9, 0.5]]), np.array([[1.0, 7.0]])
    padded = [np.column_stack([scores, [[PAD]]]) for scores in (first, second)]
    found = fusion.fused(*padded, weight)
    assert found[0, :2] == pytest.approx(fusion.fused(first, second, weight)[0])
    assert found[0, 2] == PAD


@pytest.mark.filterwarnings("error")
def test_a_single_candidate_has_nothing_to_be_compared_with():
    assert fusion.fused(np.array([[0.7, PAD]]), np.array([[0.1, PAD]]), 1.0)[0, 0] == 0


def test_reciprocal_ranks_by_hand():
    scores = np.array([[0.9, 0.8, 0.7], [0.9, 0.8, 0.7], [0.1, 0.2, 0.3]])
    right = np.array([[0, 0, 1], [0, 0, 0], [0, 0, 1]], dtype=bool)
    assert fusion.reciprocal_rank(scores, right).tolist() == [1 / 3, 0, 1]


def test_the_second_score_gets_weight_where_it_is_right():
    first = np.tile([0.9, 0.8, 0.1], (4, 1))
    right = np.tile([False, False, True], (4, 1))
    second = right.astype(float)
    weight = fusion.best_weight(first, second, right)
    assert (fusion.fused(first, second, weight).argmax(axis=1) == 2).all()


def test_a_second_score_that_misleads_gets_none():
    first = np.tile([0.9, 0.8, 0.1], (4, 1))
    right = np.tile([True, False, False], (4, 1))
    assert fusion.best_weight(first, -right.astype(float), right) == 0


def test_without_queries_the_first_score_stands():
    assert fusion.best_weight(np.empty((0, 3)), np.empty((0, 3)), np.empty((0, 3), bool)) == 0


def test_the_permutation_by_hand():
    """The last by the first score is best by the order and gets the highest score."""
    first = np.array([[0.9, 0.6, 0.5]])
    assert fusion.permuted(first, np.array([[0.2, 0.1, 0.3]])).tolist() == [[0.6, 0.5, 0.9]]


def test_ties_keep_the_first_order():
    first = np.array([[0.9, 0.6, 0.5]])
    assert fusion.permuted(first, np.zeros((1, 3))).tolist() == first.tolist()


def test_a_permutation_keeps_the_scores_and_the_padding():
    rng = np.random.default_rng(0)
    first = -np.sort(-rng.random((20, 6)).round(1), axis=1)
    first[:5, 4:] = PAD
    order = np.where(np.isfinite(first), rng.random((20, 6)), PAD)
    found = fusion.permuted(first, order)
    assert np.array_equal(np.sort(found, axis=1), np.sort(first, axis=1))
    assert np.array_equal(np.isfinite(found), np.isfinite(first))
