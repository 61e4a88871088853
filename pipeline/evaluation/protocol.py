"""How held-out queries are weighted, split for cross-fitting, and resampled for intervals."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.data.gallery import KNOWN
from pipeline.evaluation.cross_fit import CrossFit

# of a difference d with standard error s, one in two is seen at 1.96 s and four in five at 2.8 s
VISIBLE = 2.8


def query_weights(kinds: npt.ArrayLike, prior: float) -> np.ndarray:
    """One weight a query, mean 1, such that new individuals carry `prior` of the total.

    The held-out share of new individuals is an accident of the folds; the test's share is given.
    Where either side is empty there is nothing to balance and every weight is 1.
    """
    known = np.asarray(kinds) == KNOWN
    count, total = int(known.sum()), len(known)
    if count in (0, total):
        return np.ones(total)
    return np.where(known, (1 - prior) / count, prior / (total - count)) * total


def crossfit_parts(groups: npt.ArrayLike, count: int, seed: int) -> np.ndarray:
    """A part (0 .. count - 1) for every query; copies of one photograph share a part.

    What is fitted on the queries outside a part may score the queries in it, and only those.
    """
    return CrossFit(groups, count, seed).part


def bootstrap(
    statistic: Callable[[np.ndarray], float], clusters: Sequence[str], count: int, seed: int
) -> np.ndarray:
    """`count` values of `statistic` under resampling of individuals.

    `statistic` takes one multiplicity a query (how often its individual was drawn).
    """
    unique, codes = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(unique), np.full(len(unique), 1 / len(unique)), size=count)
    return np.array([statistic(draw[codes]) for draw in draws])


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % percentile interval of bootstrap `values`."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def seeded_interval(
    gains: np.ndarray, weights: np.ndarray, clusters: Sequence[str], count: int, seed: int
) -> dict[str, float]:
    """Mean gain of one system over another in several pairs of trainings, with its interval.

    gains : seeds x queries, second minus first; weights and clusters are one a query
    Each resample draws individuals and, apart from them, seeds: both are samples of what could have
    been. A handful of seeds says little of how much others would differ: where trainings differ
    more than individuals do, the interval is too narrow. `visible` is as of `paired_interval`.
    """
    rng = np.random.default_rng([seed, 1])
    drawn_seeds = rng.multinomial(len(gains), np.full(len(gains), 1 / len(gains)), size=count)
    each = iter(drawn_seeds / len(gains) @ gains)

    def difference(times: np.ndarray) -> float:
        own, drawn_weights = next(each), weights * times
        return float(np.average(own, weights=drawn_weights)) if drawn_weights.any() else np.nan

    drawn = bootstrap(difference, clusters, count, seed)
    low, high = interval(drawn)
    return {
        "difference": float(np.average(gains.mean(axis=0), weights=weights)),
        "low": low,
        "high": high,
        "visible": VISIBLE * float(np.nanstd(drawn)),
    }


def paired_interval(
    first: np.ndarray,
    second: np.ndarray,
    weights: np.ndarray,
    clusters: Sequence[str],
    count: int,
    seed: int,
) -> dict[str, float]:
    """Difference of two systems' scores on the same queries, second minus first.

    Scores and weights are one a query. `visible` is the smallest true difference that this many
    queries would show in four of five studies.
    """
    gain = second - first

    def difference(times: np.ndarray) -> float:
        drawn_weights = weights * times
        return float(np.average(gain, weights=drawn_weights)) if drawn_weights.any() else np.nan

    drawn = bootstrap(difference, clusters, count, seed)
    low, high = interval(drawn)
    return {
        "difference": float(np.average(gain, weights=weights)),
        "low": low,
        "high": high,
        "visible": VISIBLE * float(np.nanstd(drawn)),
    }
