"""Curves by hand and against counting; no pair is scored by its own fit."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.verify import verify
from tests.conftest import ROOT

PARAMS = params.load(ROOT / "tests/params.yaml")
EVALUATION = PARAMS.evaluation


def pairs(count: int = 600) -> pd.DataFrame:
    """Every third pair shows the same animal; each query has three pairs."""
    rng = np.random.default_rng(0)
    same = np.arange(count) % 3 == 0
    return pd.DataFrame(
        {
            "group": np.arange(count) // 3,
            "gallery_group": np.arange(count) // 3 + count,
            "similarity": rng.normal(np.where(same, 0.5, 0.2), 0.15),
            "inliers": rng.poisson(np.where(same, 9, 4)).astype(float),
            "weighted_inliers": rng.gamma(np.where(same, 4, 1)),
            "same": same,
            "weight": np.where(same, 1.0, 5.0),
        }
    )


def test_rates_by_hand():
    """Evidence 4 3 2 1, same yes no yes no: half of the same pairs come before any other."""
    same = np.array([True, False, True, False])
    curve = verify.compute_roc(np.array([4.0, 3, 2, 1]), same, np.ones(4))
    assert verify.true_positive_rate(curve, 0.01) == 0.5
    assert verify.true_positive_rate(curve, 0.5) == 1
    assert verify.equal_error_rate(curve) == 0.5


def test_a_perfect_curve_and_one_of_equal_scores():
    same = np.array([True, True, False, False])
    perfect = verify.compute_roc(np.array([4.0, 3, 2, 1]), same, np.ones(4))
    assert verify.equal_error_rate(perfect) == 0
    tied = verify.compute_roc(np.zeros(4), same, np.ones(4))
    assert verify.equal_error_rate(tied) == 0.5
    assert verify.true_positive_rate(tied, 0.01) == 0


def test_scores_count_pairs_by_their_weight():
    table = pairs()
    found = verify.verify(table, PARAMS.verify, EVALUATION)
    evidence = verify.cross_fit_evidence(table, EVALUATION)
    same = table["same"].to_numpy()
    above = evidence[same][:, None] > evidence[~same][None]
    assert found.scores["auc"] == pytest.approx(above.mean())  # all different pairs have one weight
    threshold = np.sort(evidence[~same])[::-1][int(0.01 * (~same).sum())]
    assert found.scores["tpr_at_0.01"] == pytest.approx((evidence[same] > threshold).mean())
    assert 0.8 < found.scores["auc"] < 1 and found.scores["calibration_error"] < 0.05
    assert found.diagram["fraction"].sum() == pytest.approx(1)
    assert list(found.scores) == verify.score_names(PARAMS.verify)


def test_no_pair_is_scored_by_a_fit_on_its_part():
    table = pairs()
    part = CrossFit(table["group"].to_numpy(), EVALUATION.crossfit, EVALUATION.seed).part
    right = verify.cross_fit_evidence(table, EVALUATION)
    first = part == 0
    wrong = verify.cross_fit_evidence(table.assign(same=table["same"] ^ first), EVALUATION)
    assert (right[first] == wrong[first]).all() and (right[~first] != wrong[~first]).all()


@pytest.mark.parametrize("count", [0, 4])
def test_pairs_of_one_class_give_an_empty_result(count):
    found = verify.verify(pairs(12)[:count].assign(same=False), PARAMS.verify, EVALUATION)
    assert np.isnan(list(found.scores.values())).all() and list(found.scores) == verify.score_names(
        PARAMS.verify
    )
    assert found.curve.empty and found.diagram.empty and not found.model.weights_.any()


@pytest.mark.fault(
    "evaluation",
    "all pairs of one animal are in one part of the cross-fit",
    "pairs without a fit are not scored, and no rate is stated",
)
def test_pairs_without_a_fit_are_not_scored():
    """One query has same pairs: the fit without it has none, and the other fits score no same."""
    table = pairs(60)
    table["same"] &= table["group"] == 0
    evidence = verify.cross_fit_evidence(table, EVALUATION)
    part = CrossFit(table["group"], EVALUATION.crossfit, EVALUATION.seed).part
    assert np.isnan(evidence[part == part[0]]).all()
    assert np.isfinite(evidence[part != part[0]]).all()
    found = verify.verify(table, PARAMS.verify, EVALUATION)
    assert all(np.isnan(value) for value in found.scores.values()) and found.curve.empty


@pytest.mark.fault(
    "evaluation",
    "fewer different pairs than a false alarm rate needs",
    "the true positive rate at that rate is left empty",
)
def test_a_rate_needs_as_many_different_pairs():
    """400 different pairs: one false alarm is a rate of .0025."""
    scores = verify.verify(pairs(600), PARAMS.verify, EVALUATION).scores
    assert np.isnan(scores["tpr_at_0.001"]) and scores["tpr_at_0.01"] > 0
