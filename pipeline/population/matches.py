"""Where on its path a photograph finds a match: a discrete hazard, fitted to decisions.

The hazard is the probability that a candidate shows the same animal, given that none before did:
what a reviewer sees who goes down the path. It has the model's log-odds as one covariate, so that a
model that is wrong about its probabilities is corrected by the decisions, and a part that falls
with the rank alone, since poor photographs have matches that no score tells. Decisions are wrong at
two rates, which repeated ones reveal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from pipeline.population.collection import Path

# means and standard deviations of normal priors
PRIORS = {
    "intercept": (0.0, 2.0),
    "log_odds": (1.0, 0.5),
    "log_rank": (0.0, 0.5),
    "explained": (1.0, 0.4),
    "deep": (np.log(0.006), 1.2),  # logarithm of the part that falls with the rank, at rank 1
    "decay": (1.25, 0.25),  # that part is in proportion to rank ** -decay
    "false_same": (logit(0.02), 0.8),
    "false_different": (logit(0.02), 0.8),
}
MEANS, SPREADS = np.array(list(PRIORS.values())).T
MOST_EXPLAINED = -8.0
MOST_REST = 0.5  # of the hazard that only the rank tells
STEP = 0.02  # of the differences that the curvature is taken from
TINY = 1e-12


class Tally(NamedTuple):
    """How often each of a path's k candidates was decided to be the same, different, or unsure."""

    same: np.ndarray
    different: np.ndarray
    unsure: np.ndarray

    @property
    def reviewed(self) -> np.ndarray:
        """Which candidates have a decision."""
        return (self.same + self.different + self.unsure) > 0


class Reviewed(NamedTuple):
    """Paths one after the other, with their tallies: arrays over all their candidates.

    starts : where each path begins; paths without candidates have none
    filled : which paths have candidates
    log_length : of each path
    deeper : logarithm of how many times further than its path each photograph's nodes reach
    """

    log_odds: np.ndarray
    explained: np.ndarray
    log_rank: np.ndarray
    same: np.ndarray
    different: np.ndarray
    starts: np.ndarray
    filled: np.ndarray
    log_length: np.ndarray
    deeper: np.ndarray


@dataclass(frozen=True)
class Fit:
    """The parameters of PRIORS, and a square root of their covariance."""

    values: np.ndarray
    root: np.ndarray

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Parameters at random, as uncertain as they are."""
        return self.values + self.root @ rng.normal(size=len(self.values))


def join_paths(paths: Sequence[Path], tallies: Sequence[Tally]) -> Reviewed:
    """Put paths and their tallies one after the other."""
    lengths = np.array([len(path.candidates) for path in paths], int)
    ends = np.cumsum(lengths)
    filled = lengths > 0
    earlier = np.array([path.earlier for path in paths])

    def join(arrays: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.zeros(0), *arrays])

    return Reviewed(
        join([path.log_odds for path in paths]),
        join([path.explained for path in paths]),
        join([np.log(np.arange(1, length + 1)) for length in lengths]),
        join([tally.same for tally in tallies]),
        join([tally.different for tally in tallies]),
        (ends - lengths)[filled],
        filled,
        np.log(lengths + 0.5),
        np.log((earlier + 0.5) / (lengths + 0.5)),
    )


def select_reviewed(table: Reviewed) -> Reviewed:
    """Only the candidates with decisions; no longer divided into paths."""
    kept = (table.same + table.different) > 0
    columns = ("log_odds", "explained", "log_rank", "same", "different")
    return table._replace(**{name: getattr(table, name)[kept] for name in columns})


def score_hazard(values: np.ndarray, table: Reviewed) -> np.ndarray:
    """The part of the hazard that the model's log-odds tell."""
    explained = np.maximum(table.explained, MOST_EXPLAINED)
    linear = values[0] + values[1] * table.log_odds + values[2] * table.log_rank
    return expit(linear + values[3] * explained)


def rank_hazard(values: np.ndarray, table: Reviewed) -> np.ndarray:
    """The part of the hazard that only the rank tells."""
    return np.minimum(np.exp(values[4] - values[5] * table.log_rank), MOST_REST)


def compute_hazard(values: np.ndarray, table: Reviewed, deep: bool = True) -> np.ndarray:
    """The hazard of every candidate; deep : with the part that the scores do not tell."""
    by_score = score_hazard(values, table)
    rest = rank_hazard(values, table) if deep else 0.0
    return np.clip(1 - (1 - by_score) * (1 - rest), TINY, 1 - 1e-9)


def weigh_decisions(values: np.ndarray, table: Reviewed | Tally) -> np.ndarray:
    """How far the decisions on every candidate raise the log-odds of a match (Bayes' rule)."""
    false_same, false_different = expit(values[6]), expit(values[7])
    same = np.log((1 - false_different) / false_same)
    different = np.log(false_different / (1 - false_same))
    return table.same * same + table.different * different


def compute_first(values: np.ndarray, table: Reviewed) -> np.ndarray:
    """The probability that each photograph is the first of its individual, given the decisions."""
    log_odds = logit(compute_hazard(values, table)) + weigh_decisions(values, table)
    missed = np.zeros(len(table.filled))
    if len(table.starts):
        missed[table.filled] = np.add.reduceat(np.logaddexp(0, log_odds), table.starts)
    # the integral of rank ** -decay beyond the path
    bend = (1 - values[5]) * table.deeper
    beyond = np.exp((1 - values[5]) * table.log_length) * table.deeper
    beyond *= np.expm1(bend) / np.where(bend == 0, 1, bend) + (bend == 0)
    return np.exp(-missed - np.exp(values[4]) * beyond)


def fit(table: Reviewed) -> Fit:
    """The likeliest parameters by decisions and priors, with a normal approximation around them.

    Without a decision these are the priors.
    """
    table = select_reviewed(table)
    best = minimize(compute_cost, MEANS, (table,), "BFGS", jac=True).x
    steps = np.eye(len(best)) * STEP
    slopes = [
        compute_cost(best + step, table)[1] - compute_cost(best - step, table)[1] for step in steps
    ]
    curvature, vectors = np.linalg.eigh((np.array(slopes) + np.transpose(slopes)) / (4 * STEP))
    curvature = np.maximum(curvature, 0.25 / SPREADS.max() ** 2)
    return Fit(best, vectors @ np.diag(curvature**-0.5))


def compute_cost(values: np.ndarray, table: Reviewed) -> tuple[float, np.ndarray]:
    """Minus the log of the posterior density, and its gradient.

    Whether a candidate matches is not known: its decisions are a mixture of both cases.
    """
    hazard = compute_hazard(values, table)
    false_same, false_different = expit(values[6]), expit(values[7])
    match = np.log(hazard) + table.same * np.log1p(-false_different)
    match = match + table.different * np.log(false_different)
    other = np.log1p(-hazard) + table.same * np.log(false_same)
    other = other + table.different * np.log1p(-false_same)
    either = np.logaddexp(match, other)
    matches = np.exp(match - either)
    scaled = (values - MEANS) / SPREADS
    by_linear, by_deep = differentiate_hazard(values, table)
    by_hazard = matches / hazard - (1 - matches) / (1 - hazard)
    explained = np.maximum(table.explained, MOST_EXPLAINED)
    covariates = np.array([np.ones(len(hazard)), table.log_odds, table.log_rank, explained])
    wrong_same = table.same * (1 - false_same) - table.different * false_same
    wrong_different = table.different * (1 - false_different) - table.same * false_different
    gradient = [
        *(covariates @ (by_hazard * by_linear)),
        by_hazard @ by_deep,
        -by_hazard @ (by_deep * table.log_rank),
        (1 - matches) @ wrong_same,
        matches @ wrong_different,
    ]
    return float(0.5 * (scaled**2).sum() - either.sum()), scaled / SPREADS - np.array(gradient)


def differentiate_hazard(values: np.ndarray, table: Reviewed) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of the hazard by its linear part, and by the parameter "deep"."""
    rest = rank_hazard(values, table)
    by_score = score_hazard(values, table)
    return (1 - rest) * by_score * (1 - by_score), (1 - by_score) * rest * (rest < MOST_REST)
