"""The blend where no held-out query is known: nothing is learned, the prior places new_whale."""

from typing import Self

import numpy as np

from pipeline.steps.ensemble.assemble import FoldEvidence
from pipeline.steps.ensemble.linear_blends import find_weight


class PriorBlend:
    """The mean of standardised scores, against the value that a fraction `prior` does not reach.

    It ranks candidates as well as untrained scores do. new_whale comes first for that fraction of
    the queries that it is fitted on, which need no truth: the test's. Its log-odds are no
    calibrated ones.

    weights : one per backbone, and one per score of local features

    Attributes: centre_ and spread_ (s, of the scores), new_utility_.
    """

    def __init__(self, weights: dict[str, float], prior: float) -> None:
        self.weights, self.prior = weights, prior

    def fit(self, evidence: FoldEvidence) -> Self:
        """Fit on queries without truth; returns self."""
        scores = evidence.scores.to_numpy()
        self.centre_, spread = scores.mean(axis=0), scores.std(axis=0)
        self.spread_ = np.where(spread > 1e-6, spread, 1.0)
        best = np.full(len(evidence.queries), -np.inf)
        np.maximum.at(best, evidence.query, self._average(evidence))
        self.new_utility_ = float(np.quantile(best[np.isfinite(best)], self.prior))
        return self

    def log_odds(self, evidence: FoldEvidence) -> np.ndarray:
        """log P(candidate) / P(new_whale), one per candidate row."""
        return self._average(evidence) - self.new_utility_

    def _average(self, evidence: FoldEvidence) -> np.ndarray:
        standardised = (evidence.scores.to_numpy() - self.centre_) / self.spread_
        weights = [find_weight(str(name), self.weights) for name in evidence.scores]
        return np.average(standardised, axis=1, weights=weights)
