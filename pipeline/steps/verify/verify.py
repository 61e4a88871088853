"""The step `verify`: learn what makes two photographs the same animal, and how well that works."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score, roc_curve

from pipeline.evaluation import protocol, reliability
from pipeline.params import Evaluation
from pipeline.steps.verify.judge import Judge

FALSE_ALARMS = [0.01, 0.001]
SCORES = ["auc", "eer", *(f"tpr_at_{rate}" for rate in FALSE_ALARMS), "calibration_error"]


@dataclass(frozen=True)
class Verified:
    """The judge of new pairs; what to expect of it; the ROC curve and the reliability diagram."""

    judge: Judge
    scores: dict[str, float]
    curve: pd.DataFrame
    diagram: pd.DataFrame


def verify(pairs: pd.DataFrame, evaluated: Evaluation) -> Verified:
    """Learn from all pairs (`pairs.known_pairs`); be judged on each by a fit without its part.

    The diagram's chances are those of a query and any gallery photograph: the pairs' own prior.
    Pairs of one kind alone teach nothing: scores are NaN, curve and diagram are empty.
    """
    if pairs["same"].nunique() < 2:
        return nothing()
    evidence = cross_fitted(pairs, evaluated)
    same, weights = pairs["same"].to_numpy(), pairs["weight"].to_numpy()
    curve = roc(evidence, same, weights)
    chance = expit(evidence + logit(np.average(same, weights=weights)))
    diagram = reliability.diagram(chance, same, weights, reliability.PAIRS)
    values = [
        float(roc_auc_score(same, evidence, sample_weight=weights)),
        equal_error_rate(curve),
        *(true_positives(curve, rate) for rate in FALSE_ALARMS),
        reliability.error(diagram),
    ]
    scores = dict(zip(SCORES, values, strict=True))
    return Verified(Judge().fit(pairs), scores, curve, diagram)


def nothing() -> Verified:
    """What is known without pairs."""
    none = np.empty(0)
    curve = pd.DataFrame({"false_alarms": none, "found": none})
    diagram = reliability.diagram(none, none, none, reliability.PAIRS)
    return Verified(Judge(), dict.fromkeys(SCORES, float("nan")), curve, diagram)


def cross_fitted(pairs: pd.DataFrame, evaluated: Evaluation) -> np.ndarray:
    """Log-evidence of every pair, by a fit that saw no pair of its query or a copy, neither as a
    query nor as a gallery photograph.
    """
    part = protocol.crossfit_parts(pairs["group"], evaluated.crossfit, evaluated.seed)
    there = pairs["there"].map(dict(zip(pairs["group"], part, strict=True)))
    evidence = np.empty(len(pairs))
    for one in np.unique(part):
        own = part == one
        others = pairs[~own & (there != one).to_numpy()]
        evidence[own] = Judge().fit(others).evidence(pairs[own])
    return evidence


def roc(evidence: np.ndarray, same: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    """Columns false_alarms, found: shares of the different and of the same pairs above a limit."""
    false_alarms, found, _ = roc_curve(same, evidence, sample_weight=weights)
    return pd.DataFrame({"false_alarms": false_alarms, "found": found})


def equal_error_rate(curve: pd.DataFrame) -> float:
    """Where as many different pairs pass as same ones are missed."""
    gap = curve["false_alarms"] - (1 - curve["found"])
    at = int(np.argmax(gap >= 0))
    before = max(at - 1, 0)
    # the curve is a line between its points
    low, high = gap[before], gap[at]
    share = 0.0 if high == low else -low / (high - low)
    rates = curve["false_alarms"]
    return float(rates[before] + share * (rates[at] - rates[before]))


def true_positives(curve: pd.DataFrame, rate: float) -> float:
    """The share of same pairs found where at most `rate` of the different ones pass."""
    return float(curve.loc[curve["false_alarms"] <= rate, "found"].max())
