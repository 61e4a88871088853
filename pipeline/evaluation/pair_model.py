"""The evidence that two photographs show the same animal, as a Bayes factor of their scores."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

SCORES = ["similarity", "inliers", "weighted_inliers"]


class PairModel:
    """Logistic regression on similarity and the logarithms of 1 + inliers, 1 + weighted inliers.

    It estimates the evidence: the factor by which the odds rise that two photographs show the same
    animal. How likely that is beforehand (the prior) is given by the user.

    Attributes: centre_, spread_, weights_ (one per score, none negative), intercept_ (log-evidence
    of a pair with average scores). Unfitted, all evidence is 0.
    """

    def __init__(self) -> None:
        count = len(SCORES)
        self.centre_, self.spread_ = np.zeros(count), np.ones(count)
        self.weights_, self.intercept_ = np.zeros(count), 0.0

    def fit(self, pairs: pd.DataFrame) -> "PairModel":
        """Fit on known pairs. With only one class, leave the model unfitted. Returns self."""
        scores, same = to_features(pairs), pairs["same"].to_numpy()
        if pairs["same"].nunique() < 2:
            return self
        sample_weights = pairs["weight"].to_numpy()
        self.centre_ = np.average(scores, axis=0, weights=sample_weights)
        variance = np.average((scores - self.centre_) ** 2, axis=0, weights=sample_weights)
        spread = np.sqrt(variance)
        self.spread_ = np.where(spread > 1e-6, spread, 1.0)
        standardized = (scores - self.centre_) / self.spread_
        self.weights_, intercept = fit_non_negative(standardized, same, sample_weights)
        self.intercept_ = intercept - logit(np.average(same, weights=sample_weights))
        return self

    def evidence(self, pairs: pd.DataFrame) -> np.ndarray:
        """Log of the Bayes factor for "the same animal" of n pairs (columns SCORES)."""
        return (to_features(pairs) - self.centre_) / self.spread_ @ self.weights_ + self.intercept_

    def probability(self, pairs: pd.DataFrame, prior: float) -> np.ndarray:
        """Probability of "the same animal" of n pairs, given a prior between 0 and 1."""
        return expit(self.evidence(pairs) + logit(prior))

    def to_dict(self) -> dict[str, list[float] | float]:
        """Return the fitted numbers, for JSON."""
        return {name: np.asarray(value).tolist() for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, numbers: dict[str, list[float] | float]) -> "PairModel":
        """Build a model from the numbers of `to_dict`."""
        model = cls()
        for name, value in numbers.items():
            setattr(model, name, np.asarray(value, dtype=float))
        return model


def to_features(pairs: pd.DataFrame) -> np.ndarray:
    """n x 3: similarity, and the logarithms of 1 + inliers and 1 + weighted inliers.

    Logarithms, since the tenth point adds less evidence than the first.
    """
    columns = pairs[SCORES].to_numpy(dtype=float)
    return np.column_stack([columns[:, 0], np.log1p(columns[:, 1:])])


def fit_non_negative(
    scores: np.ndarray, same: np.ndarray, sample_weights: np.ndarray
) -> tuple[np.ndarray, float]:
    """Fit a logistic regression on n x s scores; returns s weights, none negative, and intercept.

    A negative weight would mean that a higher score counts against the same animal, which can only
    be chance: such scores are left out.
    """
    from sklearn.linear_model import LogisticRegression  # a second, which a stored model needs not

    used = np.ones(scores.shape[1], bool)
    while used.any():
        model = LogisticRegression(C=1e3).fit(scores[:, used], same, sample_weight=sample_weights)
        weights = np.zeros(len(used))
        weights[used] = model.coef_[0]
        if (weights >= 0).all():
            return weights, float(model.intercept_[0])
        used &= weights > 0
    return np.zeros(len(used)), float(logit(np.average(same, weights=sample_weights)))
