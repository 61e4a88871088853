"""From scores to log-odds: a softmax over a query's candidates, new_whale being one of them.

A candidate's utility is a weighted sum of its scores; that of new_whale is a constant b. The
posterior of an answer is the softmax over all of them, so that placing new_whale is an ordinary
comparison, and posteriors of different members can be averaged. (McFadden 1974's conditional
logit.)
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from scipy.optimize import minimize

# on standardised weights: as strong as a thousandth of a query against each
PENALTY = 1e-3


@dataclass(frozen=True)
class Choices:
    """n candidate rows of q queries, sorted by query.

    scores: n x s; query: n, 0 .. q - 1; right: n, True if the candidate is the truth
    new: q, True if new_whale is the truth; weights: q

    A query whose truth is neither new nor among its candidates has no effect on a fit.
    """

    scores: np.ndarray
    query: np.ndarray
    right: np.ndarray
    new: np.ndarray
    weights: np.ndarray


class SoftmaxCalibration:
    """Weights of the scores and the utility of new_whale, by weighted maximum likelihood.

    Attributes: weights_ (s, none negative), new_utility_, centre_ and spread_ (s).
    """

    def fit(self, choices: Choices) -> Self:
        """Fit on queries with known truth; returns self."""
        self.centre_ = choices.scores.mean(axis=0)
        spread = choices.scores.std(axis=0)
        # a score that never varies here may vary elsewhere: dividing by its zero would blow it up
        self.spread_ = np.where(spread > 1e-6, spread, 1.0)
        scores = (choices.scores - self.centre_) / self.spread_
        count = scores.shape[1]
        start = np.append(np.full(count, 1 / count), 2.0)
        bounds = [(0, None)] * count + [(None, None)]
        fitted = minimize(_negative_likelihood, start, (choices, scores), jac=True, bounds=bounds)
        self.weights_, self.new_utility_ = fitted.x[:-1], fitted.x[-1]
        return self

    def log_odds(self, scores: np.ndarray) -> np.ndarray:
        """Log of P(candidate) / P(new_whale) for each row of `scores` (n x s)."""
        return (scores - self.centre_) / self.spread_ @ self.weights_ - self.new_utility_


def _negative_likelihood(
    theta: np.ndarray, choices: Choices, scores: np.ndarray
) -> tuple[float, np.ndarray]:
    """Mean negative log-likelihood and its gradient at theta = (weights, b)."""
    weights, new = theta[:-1], theta[-1]
    posterior, rest, log_total = softmax(scores @ weights, new, choices.query, len(choices.new))
    has_truth = np.bincount(choices.query[choices.right], minlength=len(rest)) + choices.new > 0
    fraction = np.where(has_truth, choices.weights, 0)
    fraction = fraction / max(fraction.sum(), 1e-9)
    right = choices.right.astype(float)
    truth = np.bincount(choices.query, right * (scores @ weights), len(rest)) + choices.new * new
    loss = fraction @ (log_total - truth)
    residual = fraction[choices.query] * (posterior - right)
    gradient = np.append(residual @ scores, fraction @ (rest - choices.new))
    penalty = PENALTY * np.append(weights, 0)
    return loss + 0.5 * float(penalty @ theta), gradient + penalty


def softmax(
    utilities: np.ndarray, new: float, query: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Posteriors of n candidates and of new_whale (`count`), and the log of each query's total.

    utilities: n; new: that of new_whale; query: n, 0 .. count - 1
    """
    top = np.full(count, float(new))
    np.maximum.at(top, query, utilities)
    raised = np.exp(utilities - top[query])
    rest = np.exp(new - top)
    total = np.bincount(query, raised, count) + rest
    return raised / total[query], rest / total, top + np.log(total)


def fill_missing(scores: pd.DataFrame, query: np.ndarray) -> np.ndarray:
    """Scores (n x s) with each missing one replaced by its query's lowest in that source.

    A source lists its best candidates; one that it leaves out is no better than the last it lists.
    A query without any score of a source takes the source's lowest score anywhere.
    """
    lowest = scores.groupby(query).transform("min").fillna(scores.min())
    return scores.fillna(lowest).to_numpy(dtype=float)
