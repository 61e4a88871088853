"""Linear blends of calibrated scores: a mean by given weights, or all weights fitted together."""

from dataclasses import replace
from typing import Self

import numpy as np

from pipeline.evaluation.calibration import SoftmaxCalibration
from pipeline.steps.ensemble.assemble import FoldEvidence


class MeanBlend:
    """The log-odds of each score, averaged by given weights, then calibrated once more.

    `weights` has one per backbone, for each of its scores, and one per score of local features, as
    "local.votes".

    The average of several log-odds is too timid where they agree by chance and too bold where they
    repeat each other; the last fit, of two numbers, sets that right.
    """

    def __init__(self, weights: dict[str, float]) -> None:
        self.weights = weights

    def fit(self, evidence: FoldEvidence, weights: np.ndarray) -> Self:
        """Fit on queries with known truth, one weight per query; returns self."""
        choices = evidence.to_choices(weights)
        columns = np.split(choices.scores, choices.scores.shape[1], axis=1)
        self.calibrations_ = [
            SoftmaxCalibration().fit(replace(choices, scores=column)) for column in columns
        ]
        averaged = replace(choices, scores=self._average(evidence))
        self.final_ = SoftmaxCalibration().fit(averaged)
        return self

    def log_odds(self, evidence: FoldEvidence) -> np.ndarray:
        """log P(candidate) / P(new_whale), one per candidate row."""
        return self.final_.log_odds(self._average(evidence))

    def _average(self, evidence: FoldEvidence) -> np.ndarray:
        weights = [find_weight(str(name), self.weights) for name in evidence.scores]
        scores = evidence.scores.to_numpy()
        log_odds = [
            calibration.log_odds(scores[:, [column]])
            for column, calibration in enumerate(self.calibrations_)
        ]
        return np.average(log_odds, axis=0, weights=weights)[:, None]


class WeightedBlend:
    """A weight for every score, all fitted together; the given weights are not used."""

    def fit(self, evidence: FoldEvidence, weights: np.ndarray) -> Self:
        """Fit on queries with known truth, one weight per query; returns self."""
        self.softmax_ = SoftmaxCalibration().fit(evidence.to_choices(weights))
        return self

    def log_odds(self, evidence: FoldEvidence) -> np.ndarray:
        """log P(candidate) / P(new_whale), one per candidate row."""
        return self.softmax_.log_odds(evidence.scores.to_numpy())


def find_weight(score: str, weights: dict[str, float]) -> float:
    """A score's weight: its own, as "local.votes", or that of its backbone."""
    return weights[score if score in weights else score.partition(".")[0]]
