"""Fusion and permutation by hand."""

import numpy as np
import pytest

from pipeline.steps.rerank import fusion

PAD = -np.inf


def test_scores_are_standardised_within_a_query():
    """(3, 2, 1) and (0, 0, 3) standardise to (1.22, 0, -1.22) and (-.71, -.71, 1.41)."""
    fused = fusion.fuse(np.array([[3.0, 2, 1]]), np.array([[0.0, 0, 3]]), 2.0)
    a, b = 1.5**0.5, 0.5**0.5
    assert fused == pytest.approx(np.array([[a - 2 * b, -2 * b, -a + 4 * b]]), abs=1e-6)


@pytest.mark.parametrize("weight", [0.0, 1.0])
@pytest.mark.filterwarnings("error")
def test_padding_stays_last_and_changes_nothing(weight):
    first, second = np.array([[0.9, 0.5]]), np.array([[1.0, 7.0]])
    padded = [np.column_stack([scores, [[PAD]]]) for scores in (first, second)]
    fused = fusion.fuse(*padded, weight)
    assert fused[0, :2] == pytest.approx(fusion.fuse(first, second, weight)[0])
    assert fused[0, 2] == PAD


@pytest.mark.filterwarnings("error")
def test_a_single_candidate_scores_zero():
    assert fusion.fuse(np.array([[0.7, PAD]]), np.array([[0.1, PAD]]), 1.0)[0, 0] == 0


def test_reciprocal_ranks_by_hand():
    scores = np.array([[0.9, 0.8, 0.7], [0.9, 0.8, 0.7], [0.1, 0.2, 0.3]])
    right = np.array([[0, 0, 1], [0, 0, 0], [0, 0, 1]], dtype=bool)
    assert fusion.reciprocal_rank(scores, right).tolist() == [1 / 3, 0, 1]


def test_a_second_score_that_is_right_gets_weight():
    first = np.tile([0.9, 0.8, 0.1], (4, 1))
    right = np.tile([False, False, True], (4, 1))
    second = right.astype(float)
    weight = fusion.best_weight(first, second, right)
    assert (fusion.fuse(first, second, weight).argmax(axis=1) == 2).all()


def test_a_misleading_second_score_gets_no_weight():
    first = np.tile([0.9, 0.8, 0.1], (4, 1))
    right = np.tile([True, False, False], (4, 1))
    assert fusion.best_weight(first, -right.astype(float), right) == 0


def test_without_queries_the_weight_is_zero():
    assert fusion.best_weight(np.empty((0, 3)), np.empty((0, 3)), np.empty((0, 3), bool)) == 0


def test_the_permutation_by_hand():
    """The candidate with the lowest first score is best by the order and gets the highest."""
    first = np.array([[0.9, 0.6, 0.5]])
    assert fusion.permute(first, np.array([[0.2, 0.1, 0.3]])).tolist() == [[0.6, 0.5, 0.9]]


def test_ties_keep_the_first_order():
    first = np.array([[0.9, 0.6, 0.5]])
    assert fusion.permute(first, np.zeros((1, 3))).tolist() == first.tolist()


def test_a_permutation_keeps_the_scores_and_the_padding():
    rng = np.random.default_rng(0)
    first = -np.sort(-rng.random((20, 6)).round(1), axis=1)
    first[:5, 4:] = PAD
    order = np.where(np.isfinite(first), rng.random((20, 6)), PAD)
    permuted = fusion.permute(first, order)
    assert np.array_equal(np.sort(permuted, axis=1), np.sort(first, axis=1))
    assert np.array_equal(np.isfinite(permuted), np.isfinite(first))
