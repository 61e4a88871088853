"""Pairs of photographs without a name, by embeddings and by local features."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from pipeline.evaluation.pair_model import PairModel
from pipeline.evaluation.peers import PeerModel, PeerSet
from pipeline.population import unnamed_pairs
from pipeline.population.unnamed_pairs import LEAST, MOST
from pipeline.system.errors import UserError

MODEL = PairModel.from_dict(
    {"centre_": [0.5, 0, 0], "spread_": [0.5, 1, 1], "weights_": [2, 1, 0.5], "intercept_": 1}
)


def unit(*degrees: float) -> np.ndarray:
    angles = np.deg2rad(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def test_a_matched_pair_has_the_evidence_of_its_points():
    """Similarity .5, 3 inliers, and 7 with weights: 2 x 0 + ln 4 + .5 x ln 8 + 1, and the prior."""
    vectors = unit(0, 60, 120)
    matched = pd.DataFrame([("b", "a", 3.0, 7.0)], columns=COLUMNS)
    rows = PeerSet(["a", "b", "c"], vectors, matched).matched_rows
    log_odds = unnamed_pairs.combine(vectors, rows, PeerModel(MODEL, 0.2, 0.0))
    evidence = np.log(4) + 0.5 * np.log(8) + 1
    assert log_odds[0, 1] == log_odds[1, 0] == pytest.approx(evidence + logit(0.2))
    assert log_odds[1, 2] == log_odds[2, 1] == pytest.approx(1 + logit(0.2))  # not matched
    assert log_odds[0, 2] == pytest.approx(2 * (-0.5 - 0.5) / 0.5 + 1 + logit(0.2))


COLUMNS = ["query", "image", "inliers", "weighted_inliers"]


def test_all_pairs_are_those_of_the_model():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [(f"{a}", f"{b}", *rng.uniform(0, 9, 2)) for a, b in rng.integers(0, 30, (40, 2))]
    matched = pd.DataFrame([pair for pair in pairs if pair[0] != pair[1]], columns=COLUMNS)
    peers = PeerSet([str(number) for number in range(30)], vectors, matched)
    model = PeerModel(MODEL, 0.2, 0.0)
    expected = model.log_odds(peers.tabulate(), 30).clip(LEAST, MOST)
    log_odds = unnamed_pairs.combine(vectors, peers.matched_rows, model)
    off = ~np.eye(30, dtype=bool)
    assert np.allclose(log_odds[off], expected[off])


def test_without_pairs_of_one_individual_nothing_is_fitted():
    alone = (np.eye(3, dtype=np.float32), np.array(["a", "b", "c"]))
    with pytest.raises(UserError, match="label more photographs"):
        unnamed_pairs.fit_pairs([alone])


def test_the_fit_of_pairs_recovers_a_logistic_curve():
    """Vectors on a circle: the same individual within 10 degrees, others far away."""
    angles = np.deg2rad([0, 5, 10, 90, 95, 180, 184, 270, 275])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    slope, intercept = unnamed_pairs.fit_pairs([(vectors, np.array(list("aaabbccdd")))])
    assert expit(slope * np.cos(np.deg2rad(5)) + intercept) > 0.9
    assert expit(slope * np.cos(np.deg2rad(90)) + intercept) < 0.05
