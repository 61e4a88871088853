"""A score as the log-odds that query and candidate are the same animal.

Similarities, votes and counts of matched points have nothing in common but that more is better.
Fitted on pairs with known truth, each becomes log-odds, and those add up. (Cermak et al. 2024,
arXiv:2408.12934, calibrate local and global similarities in this way.)
"""

from dataclasses import replace
from typing import Self

import numpy as np
import pandas as pd
from sklearn.isotonic import isotonic_regression
from sklearn.linear_model import LogisticRegression

from pipeline.steps.ensemble.assemble import FoldEvidence
from pipeline.steps.ensemble.boosting import BoostedBlend
from pipeline.steps.ensemble.linear_blends import MeanBlend, WeightedBlend

BlendModel = MeanBlend | WeightedBlend | BoostedBlend


class LogisticCalibration:
    """A straight line in the log-odds (Platt 1999)."""

    def fit(self, scores: np.ndarray, same: np.ndarray, weights: np.ndarray) -> Self:
        """Fit on n pairs: scores, whether both are the same animal, weights; returns self."""
        self.centre_, self.spread_ = scores.mean(), max(scores.std(), 1e-9)
        if same.all() or not same.any():
            self.slope_, self.intercept_ = 1.0, 0.0
            return self
        line = LogisticRegression(C=1e3).fit(self._standardise(scores), same, sample_weight=weights)
        self.slope_, self.intercept_ = max(line.coef_[0, 0], 0.0), line.intercept_[0]
        return self

    def log_odds(self, scores: np.ndarray) -> np.ndarray:
        """Log-odds of "the same animal", one per score."""
        return self.intercept_ + self.slope_ * self._standardise(scores)[:, 0]

    def _standardise(self, scores: np.ndarray) -> np.ndarray:
        return ((scores - self.centre_) / self.spread_)[:, None]


class IsotonicCalibration:
    """Steps that only rise, their middles joined by lines.

    A step that holds m pairs, k of them the same animal (both weighted), has the probability
    (k + 1/2) / (m + 1), which is never 0 or 1.
    """

    def fit(self, scores: np.ndarray, same: np.ndarray, weights: np.ndarray) -> Self:
        """Fit on n pairs: scores, whether both are the same animal, weights; returns self."""
        weights = weights / weights.mean()
        values, at = np.unique(scores, return_inverse=True)
        pairs, alike = np.bincount(at, weights), np.bincount(at, weights * same)
        level = isotonic_regression(alike / pairs, sample_weight=pairs)
        step = np.cumsum(np.diff(level, prepend=level[0]) > 0)
        counted = np.bincount(step, pairs)
        alike = np.bincount(step, alike)
        self.scores_ = np.bincount(step, pairs * values) / counted
        log_odds = np.log((alike + 0.5) / (counted - alike + 0.5))
        # the halves weigh most on small steps, which may now stand above a larger one's level
        self.log_odds_ = isotonic_regression(log_odds, sample_weight=counted)
        return self

    def log_odds(self, scores: np.ndarray) -> np.ndarray:
        """Log-odds of "the same animal", one per score."""
        return np.interp(scores, self.scores_, self.log_odds_)


def fit_calibration(
    kind: str, scores: np.ndarray, same: np.ndarray, weights: np.ndarray
) -> LogisticCalibration | IsotonicCalibration:
    """Fit a calibration, "logistic" or "isotonic", on n pairs (see their `fit`)."""
    if kind == "isotonic":
        return IsotonicCalibration().fit(scores, same, weights)
    return LogisticCalibration().fit(scores, same, weights)


class CalibratedBlend:
    """A blend of the pairs' log-odds instead of the scores themselves."""

    def __init__(self, blend: BlendModel, kind: str) -> None:
        self.blend, self.kind = blend, kind

    def fit(self, evidence: FoldEvidence, weights: np.ndarray) -> Self:
        """Fit the calibrations, then the blend, one weight per query; returns self."""
        choices = evidence.to_choices(weights)
        pair_weights = weights[evidence.query]
        self.calibrations_ = {
            name: fit_calibration(self.kind, values.to_numpy(), choices.right, pair_weights)
            for name, values in evidence.scores.items()
        }
        self.blend.fit(self._calibrate(evidence), weights)
        return self

    def log_odds(self, evidence: FoldEvidence) -> np.ndarray:
        """log P(candidate) / P(new_whale), one per candidate row."""
        return self.blend.log_odds(self._calibrate(evidence))

    def _calibrate(self, evidence: FoldEvidence) -> FoldEvidence:
        columns = {
            name: self.calibrations_[name].log_odds(values.to_numpy())
            for name, values in evidence.scores.items()
        }
        return replace(evidence, scores=pd.DataFrame(columns, index=evidence.scores.index))
