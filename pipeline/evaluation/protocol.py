"""Weights of held-out queries, and bootstrap intervals over individuals."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipeline.data.gallery import KNOWN

# a difference d with standard error s is significant in one of two studies if d is 1.96 s, and in
# four of five if it is 2.8 s
VISIBLE = 2.8


def query_weights(kinds: npt.ArrayLike, prior: float) -> np.ndarray:
    """One weight per query, mean 1, such that new individuals carry `prior` of the total.

    The held-out fraction of new individuals is an accident of the folds; the test's is given. With
    known or new queries only there is nothing to balance and every weight is 1.
    """
    known = np.asarray(kinds) == KNOWN
    count, total = int(known.sum()), len(known)
    if count in (0, total):
        return np.ones(total)
    return np.where(known, (1 - prior) / count, prior / (total - count)) * total


def resample_weights(weights: np.ndarray, is_known: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The weights of queries that are sampled so often.

    Known and new individuals keep their total weights, since the test's fraction is given: how many
    of either kind a sample has is no uncertainty. All weights are 0 if one of them has no query in
    it.
    """
    sampled = weights * times
    for kind in (is_known, ~is_known):
        total, now = weights[kind].sum(), sampled[kind].sum()
        if total and not now:
            return np.zeros(len(sampled))
        if now:
            sampled[kind] *= total / now
    return sampled


def bootstrap(
    statistic: Callable[[np.ndarray], float], clusters: npt.ArrayLike, count: int, seed: int
) -> np.ndarray:
    """`count` values of `statistic` under resampling of individuals.

    `statistic` takes one multiplicity per query: how often its individual was sampled.
    """
    unique, codes = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    rng = np.random.default_rng(seed)
    samples = rng.multinomial(len(unique), np.full(len(unique), 1 / len(unique)), size=count)
    return np.array([statistic(sample[codes]) for sample in samples])


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % percentile interval of bootstrap `values`; NaN is left out."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def seeded_interval(  # noqa: PLR0913 - what describes the queries, and the bootstrap
    gains: np.ndarray,
    weights: np.ndarray,
    clusters: npt.ArrayLike,
    count: int,
    seed: int,
    kinds: npt.ArrayLike | None = None,
) -> dict[str, float]:
    """Mean gain of one system over another in several pairs of trainings, with its interval.

    gains : seeds x queries, second minus first; weights and clusters have one value per query, and
    kinds (`resample_weights`), which may be left out if all are of one

    Each sample draws individuals and, independently of them, seeds: both are samples of what could
    have been. A handful of seeds shows little of how much others would differ: if trainings differ
    more than individuals do, the interval is too narrow. `visible` is as of `paired_interval`.
    """
    rng = np.random.default_rng([seed, 1])
    seeds = rng.multinomial(len(gains), np.full(len(gains), 1 / len(gains)), size=count)
    sampled_gains = iter(seeds / len(gains) @ gains)
    is_known = _find_known(kinds, len(weights))
    samples = bootstrap(
        lambda times: _weighted_mean(
            next(sampled_gains), resample_weights(weights, is_known, times)
        ),
        *(clusters, count, seed),
    )
    return _summarise(gains.mean(axis=0), weights, samples)


def paired_interval(  # noqa: PLR0913 - what describes the queries, and the bootstrap
    first: np.ndarray,
    second: np.ndarray,
    weights: np.ndarray,
    clusters: npt.ArrayLike,
    count: int,
    seed: int,
    kinds: npt.ArrayLike | None = None,
) -> dict[str, float]:
    """Difference of two systems' scores on the same queries, second minus first.

    Scores and weights have one value per query, and kinds, as of `seeded_interval`. `visible` is
    the smallest true difference that this many queries would show in four of five studies.
    """
    gain, is_known = second - first, _find_known(kinds, len(weights))
    samples = bootstrap(
        lambda times: _weighted_mean(gain, resample_weights(weights, is_known, times)),
        *(clusters, count, seed),
    )
    return _summarise(gain, weights, samples)


def _find_known(kinds: npt.ArrayLike | None, count: int) -> np.ndarray:
    return np.ones(count, bool) if kinds is None else np.asarray(kinds) == KNOWN


def _weighted_mean(values: np.ndarray, weights: np.ndarray) -> float:
    return float(np.average(values, weights=weights)) if weights.any() else np.nan


def _summarise(gain: np.ndarray, weights: np.ndarray, samples: np.ndarray) -> dict[str, float]:
    low, high = percentile_interval(samples)
    return {
        "difference": float(np.average(gain, weights=weights)),
        "low": low,
        "high": high,
        "visible": VISIBLE * float(np.nanstd(samples)),
    }
