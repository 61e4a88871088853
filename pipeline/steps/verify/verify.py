"""The step `verify`: fit the evidence for "the same animal" on known pairs, and evaluate it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score, roc_curve

from pipeline.evaluation import reliability
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.evaluation.pair_model import PairModel
from pipeline.params import Evaluation, Verify


@dataclass(frozen=True)
class Verification:
    """The model of new pairs; cross-fitted scores, ROC curve and reliability diagram."""

    model: PairModel
    scores: dict[str, float]
    curve: pd.DataFrame
    diagram: pd.DataFrame


def verify(pairs: pd.DataFrame, params: Verify, evaluation: Evaluation) -> Verification:
    """Fit on all known pairs (`pairs.build_known_pairs`), and evaluate by cross-fitting.

    The prior of the diagram's probabilities is that of the pairs: a query and any gallery
    photograph. A true positive rate at a false alarm rate needs one different pair at that rate.
    With only one class the model is unfitted, scores are NaN, curve and diagram empty;
    so it is if the fits of all parts of the cross-fit together score one class only.
    Scores: auc, eer, tpr_at_RATE for every false alarm rate of `params`, and calibration_error.
    """
    if pairs["same"].nunique() < 2:
        return build_unfitted(params)
    evidence = cross_fit_evidence(pairs, evaluation)
    fitted = ~np.isnan(evidence)
    if pairs.loc[fitted, "same"].nunique() < 2:
        return build_unfitted(params)
    model, pairs, evidence = PairModel().fit(pairs), pairs[fitted], evidence[fitted]
    same, weights = pairs["same"].to_numpy(), pairs["weight"].to_numpy()
    curve = compute_roc(evidence, same, weights)
    probabilities = expit(evidence + logit(np.average(same, weights=weights)))
    diagram = reliability.build_diagram(probabilities, same, weights, reliability.PAIRS)
    values = [
        float(roc_auc_score(same, evidence, sample_weight=weights)),
        equal_error_rate(curve),
        *(
            true_positive_rate(curve, rate) if (~same).sum() * rate >= 1 else float("nan")
            for rate in params.false_alarm_rates
        ),
        reliability.calibration_error(diagram),
    ]
    scores = dict(zip(score_names(params), values, strict=True))
    return Verification(model, scores, curve, diagram)


def score_names(params: Verify) -> list[str]:
    """Names of the scores, in the order of the score card."""
    rates = [f"tpr_at_{rate}" for rate in params.false_alarm_rates]
    return ["auc", "eer", *rates, "calibration_error"]


def build_unfitted(params: Verify) -> Verification:
    """Build the result without usable pairs."""
    empty = np.empty(0)
    curve = pd.DataFrame({"false_alarms": empty, "recall": empty})
    diagram = reliability.build_diagram(empty, empty, empty, reliability.PAIRS)
    return Verification(
        PairModel(), dict.fromkeys(score_names(params), float("nan")), curve, diagram
    )


def cross_fit_evidence(pairs: pd.DataFrame, evaluation: Evaluation) -> np.ndarray:
    """Compute the log-evidence of every pair by a fit without its query and duplicates of it.

    A pair is left out of that fit whether the query is its query or its gallery photograph. NaN for
    pairs whose fit has pairs of one class only: no evidence was learned for them.
    """
    cross_fit = CrossFit(pairs["group"].to_numpy(), evaluation.crossfit, evaluation.seed)
    part_of_group = dict(zip(pairs["group"], cross_fit.part, strict=True))
    gallery_part = pairs["gallery_group"].map(part_of_group).to_numpy()
    evidence = np.full(len(pairs), np.nan)
    for number, (fit, score) in zip(cross_fit.numbers, cross_fit, strict=True):
        others = pairs[fit & (gallery_part != number)]
        if others["same"].nunique() == 2:
            evidence[score] = PairModel().fit(others).evidence(pairs[score])
    return evidence


def compute_roc(evidence: np.ndarray, same: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    """Compute the ROC curve of n pairs.

    Columns false_alarms and recall: the fractions of different and of same pairs above a threshold.
    """
    false_alarms, recall, _ = roc_curve(same, evidence, sample_weight=weights)
    return pd.DataFrame({"false_alarms": false_alarms, "recall": recall})


def equal_error_rate(curve: pd.DataFrame) -> float:
    """Error rate at the threshold where the false alarm rate equals the miss rate."""
    gap = curve["false_alarms"] - (1 - curve["recall"])
    at = int(np.argmax(gap >= 0))
    before = max(at - 1, 0)
    # the curve is a line between its points
    low, high = gap[before], gap[at]
    fraction = 0.0 if high == low else -low / (high - low)
    rates = curve["false_alarms"]
    return float(rates[before] + fraction * (rates[at] - rates[before]))


def true_positive_rate(curve: pd.DataFrame, false_alarm_rate: float) -> float:
    """Fraction of same pairs found at a false alarm rate of at most `false_alarm_rate`."""
    return float(curve.loc[curve["false_alarms"] <= false_alarm_rate, "recall"].max())
