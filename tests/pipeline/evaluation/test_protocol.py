"""Weights by hand, and intervals compared with naive resampling."""

import numpy as np
import pytest

from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.evaluation import protocol


def test_weights_by_hand():
    """Of 4 queries, new ones carry .4: one has 1.6, three known ones share 2.4."""
    weights = protocol.query_weights([KNOWN, UNSEEN, KNOWN, KNOWN], 0.4)
    assert weights == pytest.approx([0.8, 1.6, 0.8, 0.8])


@pytest.mark.parametrize("prior", [0.01, 0.276, 0.9])
def test_new_individuals_carry_exactly_the_prior(prior):
    kinds = [KNOWN] * 37 + [UNSEEN] * 5 + [LABELLED_NEW] * 8
    weights = protocol.query_weights(kinds, prior)
    assert weights.mean() == pytest.approx(1)
    assert weights[37:].sum() / weights.sum() == pytest.approx(prior)
    assert len(set(weights[:37])) == len(set(weights[37:])) == 1


@pytest.mark.parametrize("kinds", [[KNOWN] * 3, [UNSEEN, LABELLED_NEW], []])
def test_every_weight_is_1_without_known_or_without_new_queries(kinds):
    assert protocol.query_weights(kinds, 0.3).tolist() == [1] * len(kinds)


CLUSTERS = np.array(["w1"] * 5 + ["w2"] * 1 + ["w3"] * 3 + ["w4"] * 2 + ["w5"] * 1 + ["w6"] * 4)
SCORES = np.array([1, 1, 0.5, 1, 1, 0, 0.2, 0, 0, 1, 1, 0.5, 0, 0, 0.25, 0])


def test_a_resample_has_as_many_whole_individuals_as_there_are():
    seen = []
    protocol.bootstrap(lambda times: seen.append(times) or 0.0, CLUSTERS, 50, seed=0)
    for times in seen:
        counts = [set(times[name == CLUSTERS]) for name in sorted(set(CLUSTERS))]
        assert all(len(values) == 1 for values in counts)
        assert sum(min(values) for values in counts) == 6
    assert len({tuple(times) for times in seen}) > 30


def test_the_bootstrap_agrees_with_naive_resampling():
    rng = np.random.default_rng(0)
    names = sorted(set(CLUSTERS))
    naive = []
    for _ in range(1500):
        rows = [np.flatnonzero(name == CLUSTERS) for name in rng.choice(names, len(names))]
        naive.append(SCORES[np.concatenate(rows)].mean())
    values = protocol.bootstrap(lambda t: np.average(SCORES, weights=t), CLUSTERS, 1500, seed=1)
    assert np.mean(values) == pytest.approx(np.mean(naive), abs=0.02)
    assert np.std(values) == pytest.approx(np.std(naive), rel=0.1)
    assert protocol.percentile_interval(values) == pytest.approx(
        np.percentile(naive, [2.5, 97.5]), abs=0.05
    )
    # resampling queries as if they were independent would give too narrow an interval
    assert np.std(values) > 1.3 * SCORES.std() / np.sqrt(len(SCORES))


def test_the_interval_leaves_two_and_a_half_percent_on_either_side():
    assert protocol.percentile_interval(np.append(np.arange(1001), np.nan)) == (25, 975)


def test_identical_systems_have_no_difference():
    found = protocol.paired_interval(SCORES, SCORES, np.ones(16), CLUSTERS, 100, seed=0)
    assert found == {"difference": 0, "low": 0, "high": 0, "visible": 0}


def test_the_sign_is_second_minus_first():
    better = np.minimum(SCORES + 0.1, 2)
    found = protocol.paired_interval(SCORES, better, np.ones(16), CLUSTERS, 100, seed=0)
    assert found["difference"] == pytest.approx(0.1)
    assert found["low"] == pytest.approx(0.1) and found["high"] == pytest.approx(0.1)
    assert found["visible"] == pytest.approx(0, abs=1e-12)


def test_a_paired_difference_is_weighted_and_its_visible_size_is_2_8_errors():
    better = SCORES.copy()
    better[CLUSTERS == "w3"] += 0.5
    weights = np.where(CLUSTERS == "w3", 2.0, 0.5)
    found = protocol.paired_interval(SCORES, better, weights, CLUSTERS, 400, seed=0)
    assert found["difference"] == pytest.approx(0.5 * 6 / (6 + 6.5))
    assert found["low"] <= found["difference"] <= found["high"]
    assert found["low"] == 0  # without w3 there is no gain
    gain = (better - SCORES) * weights

    def mean(times):
        return (gain * times).sum() / (weights * times).sum()

    error = np.std(protocol.bootstrap(mean, CLUSTERS, 400, seed=0))
    assert found["visible"] == pytest.approx(2.8 * error)


def test_a_resample_without_weight_is_left_out():
    """Only w1 has weight; a resample without it has no mean."""
    weights = np.where(CLUSTERS == "w1", 1.0, 0.0)
    found = protocol.paired_interval(SCORES, SCORES + 0.1, weights, CLUSTERS, 100, seed=0)
    assert found["low"] == pytest.approx(0.1) and found["high"] == pytest.approx(0.1)


KINDS = np.array([KNOWN] * 60 + [UNSEEN] * 40)
INDIVIDUALS = np.arange(100)


def test_both_kinds_keep_their_weight_in_a_resample():
    """Known ones carry .75; of the two sampled known queries one is sampled twice."""
    weights, known = np.array([1.5, 1.5, 0.5, 0.5]), np.array([True, True, False, False])
    sampled = protocol.resample_weights(weights, known, np.array([2, 1, 1, 0]))
    assert sampled == pytest.approx([2, 1, 1, 0])
    assert not protocol.resample_weights(weights, known, np.array([2, 2, 0, 0])).any()


def test_the_fraction_of_new_individuals_is_given_and_no_uncertainty():
    """All known queries are right and all new ones wrong: by 0 and 1 the scores do not vary."""
    right = (KINDS == KNOWN).astype(float)
    weights = protocol.query_weights(KINDS, 0.276)
    zeros = np.zeros(100)
    found = protocol.paired_interval(zeros, right, weights, INDIVIDUALS, 200, 0, KINDS)
    assert [found[name] for name in ("difference", "low", "high")] == pytest.approx([0.724] * 3)
    assert found["visible"] == pytest.approx(0, abs=1e-12)
    seeds = np.stack([right, right])
    found = protocol.seeded_interval(seeds, weights, INDIVIDUALS, 200, 0, KINDS)
    assert [found["low"], found["high"]] == pytest.approx([0.724] * 2)


def test_an_interval_contains_the_truth_as_often_as_it_says():
    """Known queries are right with probability .9, new ones with .4; a quarter is new.

    300 studies: 95 % with a deviation of 1.3 %.
    """
    rng = np.random.default_rng(0)
    weights = protocol.query_weights(KINDS, 0.25)
    chance = np.where(KINDS == KNOWN, 0.9, 0.4)
    hits = 0
    for study in range(300):
        right = (rng.random(100) < chance).astype(float)
        found = protocol.paired_interval(
            np.zeros(100), right, weights, INDIVIDUALS, 200, study, KINDS
        )
        hits += found["low"] <= 0.75 * 0.9 + 0.25 * 0.4 <= found["high"]
    assert 0.90 <= hits / 300 <= 0.98
