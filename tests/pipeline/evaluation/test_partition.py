"""Partitions from log-odds that a person can check, beside a naive average linkage."""

import numpy as np
import pytest

from pipeline.evaluation import partition
from pipeline.evaluation.partition import MOST


def build(count: int, **pairs: float) -> np.ndarray:
    """Log-odds of -4, but for pairs such as p01=3."""
    odds = np.full((count, count), -4.0)
    for name, value in pairs.items():
        first, second = int(name[1]), int(name[2])
        odds[first, second] = odds[second, first] = value
    return odds


def divide(odds: np.ndarray, threshold: float = 0.0, **decided) -> list[int]:
    return partition.partition(odds, [threshold], **decided)[0].tolist()


def test_likely_pairs_share_a_cluster():
    assert divide(build(4, p02=3, p13=1)) == [0, 1, 0, 1]


def test_one_chance_match_is_outvoted():
    """Photograph 2 matches 1 alone: with 0 the mean is (2 - 4) / 2 = -1."""
    odds = build(3, p01=5, p12=2)
    assert divide(odds) == [0, 0, 1]
    assert divide(odds, -1.0) == [0, 0, 0]


def test_no_single_pair_decides_alone():
    """However sure 1 and 2 are, they count MOST: with 0 the mean is (6 - 4) / 2, and not 48."""
    odds = build(3, p12=100)
    assert MOST == 6
    assert divide(odds, 1.1, same=[(0, 1)]) == [0, 0, 1]
    assert divide(odds, 0.9, same=[(0, 1)]) == [0, 0, 0]


def test_what_is_the_same_is_joined_and_so_is_what_is_the_same_as_that():
    assert divide(build(5), same=[(0, 1), (3, 1)]) == [0, 0, 1, 0, 2]


def test_what_is_different_is_never_joined_not_even_by_way_of_others():
    odds = np.full((4, 4), 6.0)
    assert divide(odds) == [0, 0, 0, 0]
    found = divide(odds, -MOST, same=[(0, 1), (2, 3)], different=[(1, 2)])
    assert found == [0, 0, 1, 1]


def test_decisions_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="rows 2 and 0 are different, but joined"):
        divide(build(3), same=[(0, 1), (1, 2)], different=[(2, 0)])


def test_decisions_hold_among_many_photographs():
    rng = np.random.default_rng(0)
    odds = rng.normal(1, 3, (60, 60))
    same, different = [(0, 9), (9, 30)], [(0, 40), (1, 2), (30, 59)]
    found = divide(odds + odds.T, -3.0, same=same, different=different)
    assert all(found[a] == found[b] for a, b in same)
    assert all(found[a] != found[b] for a, b in different)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_average_linkage(seed):
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2, 4, (12, 12))
    odds = (odds + odds.T) / 2
    assert divide(odds, -1.0) == join_naively(np.clip(odds, -MOST, MOST), -1.0)


def join_naively(odds: np.ndarray, threshold: float) -> list[int]:
    """Join the two clusters with the highest mean, until it is below the threshold."""
    clusters = [[row] for row in range(len(odds))]
    while len(clusters) > 1:
        means = {
            (a, b): odds[np.ix_(clusters[a], clusters[b])].mean()
            for a in range(len(clusters))
            for b in range(a)
        }
        (a, b), mean = max(means.items(), key=lambda item: item[1])
        if mean < threshold:
            break
        clusters[b] += clusters.pop(a)
    clusters.sort(key=min)
    return [next(i for i, own in enumerate(clusters) if row in own) for row in range(len(odds))]


@pytest.mark.parametrize("count", [0, 1])
def test_one_photograph_or_none(count):
    assert divide(np.zeros((count, count))) == [0] * count


def test_the_fitted_threshold_is_the_middle_of_the_best():
    """Right from -2 (a third photograph joins below) to 1: thresholds of -1.75 to 1."""
    odds = build(3, p01=1, p12=0)
    assert partition.fit_threshold([(odds, np.array(list("aab")))]) == -0.25


def test_a_fit_needs_two_photographs_of_one_individual():
    with pytest.raises(ValueError, match="no two held-out photographs"):
        partition.fit_threshold([(build(2), np.array(["a", "b"]))])
