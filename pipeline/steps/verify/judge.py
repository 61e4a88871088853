"""Do two photographs show the same animal? The evidence of a pair's scores, as a Bayes factor."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from pipeline.steps.verify.pairs import SCORES


class Judge:
    """Logistic regression on similarity and the logarithms of 1 + inliers, 1 + weighed points.

    What it learns is the evidence: by which factor the odds rise that two photographs show the same
    animal. How likely that was before (the prior) is another question, and the asker's to answer.

    Attributes: centre_, spread_, weights_ (one a score, none negative), height_ (the log-evidence
    of a pair whose scores are average). Unfitted, no pair is evidence of anything.
    """

    def __init__(self) -> None:
        count = len(SCORES)
        self.centre_, self.spread_ = np.zeros(count), np.ones(count)
        self.weights_, self.height_ = np.zeros(count), 0.0

    def fit(self, pairs: pd.DataFrame) -> "Judge":
        """Learn from pairs (`known_pairs`); of one kind alone, nothing. Returns self."""
        scores, same = features(pairs), pairs["same"].to_numpy()
        if pairs["same"].nunique() < 2:
            return self
        each = pairs["weight"].to_numpy()
        self.centre_ = np.average(scores, axis=0, weights=each)
        spread = np.sqrt(np.average((scores - self.centre_) ** 2, axis=0, weights=each))
        self.spread_ = np.where(spread > 1e-6, spread, 1.0)
        self.weights_, height = rising((scores - self.centre_) / self.spread_, same, each)
        self.height_ = height - logit(np.average(same, weights=each))
        return self

    def evidence(self, pairs: pd.DataFrame) -> np.ndarray:
        """Log of the Bayes factor for "the same animal", one a pair (columns SCORES)."""
        return (features(pairs) - self.centre_) / self.spread_ @ self.weights_ + self.height_

    def chance(self, pairs: pd.DataFrame, prior: float) -> np.ndarray:
        """Probability of "the same animal"; `prior` (between 0 and 1) was its chance before."""
        return expit(self.evidence(pairs) + logit(prior))

    def to_dict(self) -> dict[str, list[float] | float]:
        """The learned numbers, for JSON."""
        return {name: np.asarray(value).tolist() for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, numbers: dict[str, list[float] | float]) -> "Judge":
        """What `to_dict` made a dictionary of."""
        judge = cls()
        for name, value in numbers.items():
            setattr(judge, name, np.asarray(value, dtype=float))
        return judge


def features(pairs: pd.DataFrame) -> np.ndarray:
    """n x 3: similarity, and the logarithm of 1 + inliers and 1 + weighed points, since the tenth
    point says less than the first.
    """
    columns = pairs[SCORES].to_numpy(dtype=float)
    return np.column_stack([columns[:, 0], np.log1p(columns[:, 1:])])


def rising(scores: np.ndarray, same: np.ndarray, each: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights (s) and intercept of a logistic regression; a score that would count against the same
    animal by being higher is chance's work, and left out.
    """
    kept = np.ones(scores.shape[1], bool)
    while kept.any():
        line = LogisticRegression(C=1e3).fit(scores[:, kept], same, sample_weight=each)
        weights = np.zeros(len(kept))
        weights[kept] = line.coef_[0]
        if (weights >= 0).all():
            return weights, float(line.intercept_[0])
        kept &= weights > 0
    return np.zeros(len(kept)), float(logit(np.average(same, weights=each)))
