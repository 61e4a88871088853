"""What a score says of a pair: the log-odds that query and candidate are the same animal.

Similarities, votes and counts of matched points have nothing in common but that more is better.
Learned from pairs whose truth is known, each becomes log-odds, and those add up. (Cermak et al.
2024, arXiv:2408.12934, calibrate local and global similarities in this way.)
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.isotonic import isotonic_regression
from sklearn.linear_model import LogisticRegression

from pipeline.steps.ensemble.assemble import FoldEvidence
from pipeline.steps.ensemble.blending import Mean, Weighted
from pipeline.steps.ensemble.boosting import Booster


class Logistic:
    """A straight line in the log-odds (Platt 1999)."""

    def fit(self, scores: np.ndarray, same: np.ndarray, weights: np.ndarray) -> "Logistic":
        """Learn from n pairs: their scores, whether they are the same animal, their weights."""
        self.centre_, self.spread_ = scores.mean(), max(scores.std(), 1e-9)
        if same.all() or not same.any():
            self.slope_, self.height_ = 1.0, 0.0
            return self
        line = LogisticRegression(C=1e3).fit(self._standard(scores), same, sample_weight=weights)
        self.slope_, self.height_ = max(line.coef_[0, 0], 0.0), line.intercept_[0]
        return self

    def log_odds(self, scores: np.ndarray) -> np.ndarray:
        return self.height_ + self.slope_ * self._standard(scores)[:, 0]

    def _standard(self, scores: np.ndarray) -> np.ndarray:
        return ((scores - self.centre_) / self.spread_)[:, None]


class Isotonic:
    """Steps that only rise, their middles joined by lines.

    A step that holds m pairs, k of them the same animal (both weighted), stands for the chance
    (k + 1/2) / (m + 1), which is never 0 or 1.
    """

    def fit(self, scores: np.ndarray, same: np.ndarray, weights: np.ndarray) -> "Isotonic":
        """Learn from n pairs: their scores, whether they are the same animal, their weights."""
        weights = weights / weights.mean()
        values, at = np.unique(scores, return_inverse=True)
        pairs, alike = np.bincount(at, weights), np.bincount(at, weights * same)
        level = isotonic_regression(alike / pairs, sample_weight=pairs)
        step = np.cumsum(np.diff(level, prepend=level[0]) > 0)
        counted = np.bincount(step, pairs)
        alike = np.bincount(step, alike)
        self.scores_ = np.bincount(step, pairs * values) / counted
        chances = np.log((alike + 0.5) / (counted - alike + 0.5))
        # the halves weigh most on small steps, which may now stand above a larger one's level
        self.log_odds_ = isotonic_regression(chances, sample_weight=counted)
        return self

    def log_odds(self, scores: np.ndarray) -> np.ndarray:
        return np.interp(scores, self.scores_, self.log_odds_)


def fitted(
    kind: str, scores: np.ndarray, same: np.ndarray, weights: np.ndarray
) -> Logistic | Isotonic:
    """A calibration, "logistic" or "isotonic", learned from n pairs (see their `fit`)."""
    calibration = Isotonic() if kind == "isotonic" else Logistic()
    return calibration.fit(scores, same, weights)


class Calibrated:
    """A blend that is given log-odds of pairs instead of the scores themselves."""

    def __init__(self, blend: Mean | Weighted | Booster, kind: str) -> None:
        self.blend, self.kind = blend, kind

    def fit(self, evidence: FoldEvidence, weights: np.ndarray) -> "Calibrated":
        choices = evidence.choices(weights)
        each = weights[evidence.query]
        self.pairs_ = {
            name: fitted(self.kind, values.to_numpy(), choices.right, each)
            for name, values in evidence.scores.items()
        }
        self.blend.fit(self._calibrated(evidence), weights)
        return self

    def log_odds(self, evidence: FoldEvidence) -> np.ndarray:
        """log P(candidate) / P(new_whale), one a candidate row."""
        return self.blend.log_odds(self._calibrated(evidence))

    def _calibrated(self, evidence: FoldEvidence) -> FoldEvidence:
        columns = {
            name: self.pairs_[name].log_odds(values.to_numpy())
            for name, values in evidence.scores.items()
        }
        return replace(evidence, scores=pd.DataFrame(columns, index=evidence.scores.index))
