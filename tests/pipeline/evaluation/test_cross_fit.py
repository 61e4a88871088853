"""Parts by hand, no duplicate group on both sides, every query scored exactly once."""

import numpy as np
import pytest

from pipeline.evaluation.cross_fit import CrossFit

GROUPS = np.array([5, 5, 9, 1, 2, 3, 4, 9, 8, 7, 5, 6])


def test_a_duplicate_group_shares_a_part_and_parts_are_even():
    part = CrossFit(GROUPS, 3, seed=0).part
    for group in set(GROUPS.tolist()):
        assert len(set(part[group == GROUPS])) == 1
    sizes = [len(set(GROUPS[part == number])) for number in range(3)]
    assert sorted(sizes) == [3, 3, 3]  # 9 photographs


def test_parts_follow_the_seed_and_not_the_order_of_the_queries():
    groups = np.arange(50) * 3
    part = CrossFit(groups, 5, seed=1).part
    shuffled = np.random.default_rng(0).permutation(50)
    assert np.array_equal(CrossFit(groups[shuffled], 5, seed=1).part, part[shuffled])
    assert not np.array_equal(CrossFit(groups, 5, seed=2).part, part)


def test_fewer_photographs_than_parts():
    cross_fit = CrossFit([4, 4, 7], 5, seed=0)
    assert sorted(cross_fit.part.tolist()) in ([0, 0, 1], [0, 1, 1])
    assert len(cross_fit) == len(list(cross_fit)) == 2


@pytest.mark.parametrize("seed", range(3))
def test_every_query_is_scored_once_by_a_fit_without_its_group(seed):
    scored = np.zeros(len(GROUPS), int)
    for fit, score in CrossFit(GROUPS, 4, seed):
        assert not set(GROUPS[fit]) & set(GROUPS[score])
        assert (fit ^ score).all()
        scored += score
    assert (scored == 1).all()


def test_masks_come_in_the_order_of_the_parts_numbers():
    cross_fit = CrossFit(GROUPS, 4, seed=0)
    assert cross_fit.numbers == [0, 1, 2, 3]
    for number, (_, score) in zip(cross_fit.numbers, cross_fit, strict=True):
        assert np.array_equal(score, cross_fit.part == number)


def test_test_queries_are_a_last_part_that_all_held_out_queries_are_fitted_for():
    held_out = np.array([True] * 9 + [False] * 3)
    cross_fit = CrossFit(GROUPS, 4, 0, held_out)
    assert cross_fit.numbers == [0, 1, 2, 3, 4]
    assert cross_fit.part[~held_out].tolist() == [4, 4, 4]
    assert np.array_equal(cross_fit.part[held_out], CrossFit(GROUPS[held_out], 4, 0).part)
    *others, (fit, score) = cross_fit
    assert np.array_equal(fit, held_out)
    assert np.array_equal(score, ~held_out)
    assert not any((fit & ~held_out).any() for fit, _ in others)


def test_without_queries_there_is_no_part():
    assert list(CrossFit([], 5, seed=0)) == []
