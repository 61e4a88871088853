"""Curves by hand and against counting; nobody judged by a fit on itself."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.evaluation import protocol
from pipeline.steps.verify import verify
from tests.conftest import ROOT

EVALUATED = params.load(ROOT / "tests/params.yaml").evaluation


def pairs(count: int = 600) -> pd.DataFrame:
    """Each third pair shows the same animal; three pairs a query."""
    rng = np.random.default_rng(0)
    same = np.arange(count) % 3 == 0
    return pd.DataFrame(
        {
            "group": np.arange(count) // 3,
            "there": np.arange(count) // 3 + count,
            "similarity": rng.normal(np.where(same, 0.5, 0.2), 0.15),
            "inliers": rng.poisson(np.where(same, 9, 4)).astype(float),
            "weighted_inliers": rng.gamma(np.where(same, 4, 1)),
            "same": same,
            "weight": np.where(same, 1.0, 5.0),
        }
    )


def test_rates_by_hand():
    """Evidence 4 3 2 1, same yes no yes no: half of the same pass before any other does."""
    same = np.array([True, False, True, False])
    curve = verify.roc(np.array([4.0, 3, 2, 1]), same, np.ones(4))
    assert verify.true_positives(curve, 0.01) == 0.5
    assert verify.true_positives(curve, 0.5) == 1
    assert verify.equal_error_rate(curve) == 0.5


def test_a_curve_without_error_and_one_that_knows_nothing():
    same = np.array([True, True, False, False])
    perfect = verify.roc(np.array([4.0, 3, 2, 1]), same, np.ones(4))
    assert verify.equal_error_rate(perfect) == 0
    tied = verify.roc(np.zeros(4), same, np.ones(4))
    assert verify.equal_error_rate(tied) == 0.5
    assert verify.true_positives(tied, 0.01) == 0


def test_the_scores_count_pairs_by_their_weight():
    table = pairs()
    found = verify.verify(table, EVALUATED)
    evidence = verify.cross_fitted(table, EVALUATED)
    same = table["same"].to_numpy()
    above = evidence[same][:, None] > evidence[~same][None]
    assert found.scores["auc"] == pytest.approx(above.mean())  # all different ones weigh alike
    limit = np.sort(evidence[~same])[::-1][int(0.01 * (~same).sum())]
    assert found.scores["tpr_at_0.01"] == pytest.approx((evidence[same] > limit).mean())
    assert 0.8 < found.scores["auc"] < 1 and found.scores["calibration_error"] < 0.05
    assert found.diagram["fraction"].sum() == pytest.approx(1)
    assert list(found.scores) == verify.SCORES


def test_no_pair_is_judged_by_its_own_part():
    table = pairs()
    part = protocol.crossfit_parts(table["group"], EVALUATED.crossfit, EVALUATED.seed)
    right = verify.cross_fitted(table, EVALUATED)
    own = part == 0
    wrong = verify.cross_fitted(table.assign(same=table["same"] ^ own), EVALUATED)
    assert (right[own] == wrong[own]).all() and (right[~own] != wrong[~own]).all()


@pytest.mark.parametrize("count", [0, 4])
def test_pairs_of_one_kind_give_an_empty_answer(count):
    found = verify.verify(pairs(12)[:count].assign(same=False), EVALUATED)
    assert np.isnan(list(found.scores.values())).all() and list(found.scores) == verify.SCORES
    assert found.curve.empty and found.diagram.empty and not found.judge.weights_.any()
