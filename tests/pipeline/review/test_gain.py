import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from pipeline.review.gain import LEAST, compute_gains, fit_prior


def build_pairs(*rows):
    return pd.DataFrame(rows, columns=["photograph", "other", "probability"])


def compute_gains_naively(pairs, names):
    """By loops, from the words of the docstring."""
    both = {}
    for a, b, probability in pairs.itertuples(index=False):
        both[a, b] = both[b, a] = max(probability, both.get((a, b), 0))
    gains = []
    for a, b, probability in pairs.itertuples(index=False):
        moving = []
        for image, own, other in ((a, names[a], names[b]), (b, names[b], names[a])):
            count = 1.0
            for sibling in names.index[names == own]:
                likely = [both.get((sibling, x), 0) for x in names.index[names == other]]
                count += max(likely) if sibling != image else 0
            moving.append(count)
        gains.append(0.0 if names[a] == names[b] else probability * min(moving))
    return gains


def test_a_photograph_brings_those_that_go_with_it():
    names = pd.Series({"a1": "A", "a2": "A", "a3": "A", "b1": "B", "b2": "B"})
    pairs = build_pairs(["a1", "b1", 0.8], ["a2", "b1", 0.5], ["a3", "b2", 0.25], ["a1", "a2", 0.9])
    # of A, a1 and .5 + .25 more would go with B; of B, b1 and .25 more would go with A
    assert compute_gains(pairs, names).tolist() == pytest.approx(
        [0.8 * 1.25, 0.5 * 1.25, 0.25 * 1.8, 0]
    )


@pytest.mark.parametrize("seed", range(5))
def test_gains_equal_those_of_loops(seed):
    rng = np.random.default_rng(seed)
    images = [f"p{number}" for number in range(12)]
    names = pd.Series(rng.choice(["A", "B", "C", "D"], 12), images)
    drawn = [sorted(rng.choice(images, 2, replace=False)) for _ in range(30)]
    pairs = build_pairs(*([*pair, float(rng.random())] for pair in drawn))
    pairs = pairs.groupby(["photograph", "other"], as_index=False).max()
    assert compute_gains(pairs, names) == pytest.approx(compute_gains_naively(pairs, names))


def test_no_pairs_have_no_gains():
    assert compute_gains(build_pairs(), pd.Series({"a": "A"})).size == 0


def test_prior_is_the_fraction_of_same_pairs():
    rng = np.random.default_rng(0)
    same = rng.random(4000) < 0.1
    scores = rng.normal(np.where(same, 2.0, -2.0), 1.0)  # log of the densities' ratio: 4 x score
    assert fit_prior(4 * scores, np.ones(4000)) == pytest.approx(same.mean(), abs=0.005)


def test_prior_counts_weights():
    evidence = np.array([20.0, -20.0])  # certain
    assert fit_prior(evidence, np.array([1.0, 3.0])) == pytest.approx(0.25, rel=0.01)


def test_prior_without_pairs_is_the_least():
    assert fit_prior(np.empty(0), np.empty(0)) == LEAST
    assert np.isfinite(logit(LEAST))
