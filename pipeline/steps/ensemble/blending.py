"""Blends of calibrated scores: the mean by given weights, or weights learned all at once."""

from dataclasses import replace

import numpy as np

from pipeline.evaluation.calibration import SoftmaxCalibration
from pipeline.steps.ensemble.assemble import FoldEvidence


class Mean:
    """Each score's own log-odds, averaged by given weights, then calibrated once more.

    `weights` has one a backbone, for each of its scores, and one a score of local features, as
    "local.votes".

    The average of several log-odds is too timid where they agree by chance and too bold where they
    repeat each other; the last fit, of two numbers, sets that right.
    """

    def __init__(self, weights: dict[str, float]) -> None:
        self.weights = weights

    def fit(self, evidence: FoldEvidence, weights: np.ndarray) -> "Mean":
        choices = evidence.choices(weights)
        columns = np.split(choices.scores, choices.scores.shape[1], axis=1)
        self.each_ = [SoftmaxCalibration().fit(replace(choices, scores=one)) for one in columns]
        averaged = replace(choices, scores=self._average(evidence))
        self.last_ = SoftmaxCalibration().fit(averaged)
        return self

    def log_odds(self, evidence: FoldEvidence) -> np.ndarray:
        """log P(candidate) / P(new_whale), one a candidate row."""
        return self.last_.log_odds(self._average(evidence))

    def _average(self, evidence: FoldEvidence) -> np.ndarray:
        shares = [
            self.weights.get(n, self.weights.get(n.partition(".")[0])) for n in evidence.scores
        ]
        own = [one.log_odds(evidence.scores.to_numpy()[:, [i]]) for i, one in enumerate(self.each_)]
        return np.average(own, axis=0, weights=shares)[:, None]


class Weighted:
    """A weight for every score, all learned at once; the backbones' given weights are not used."""

    def fit(self, evidence: FoldEvidence, weights: np.ndarray) -> "Weighted":
        self.softmax_ = SoftmaxCalibration().fit(evidence.choices(weights))
        return self

    def log_odds(self, evidence: FoldEvidence) -> np.ndarray:
        """log P(candidate) / P(new_whale), one a candidate row."""
        return self.softmax_.log_odds(evidence.scores.to_numpy())
