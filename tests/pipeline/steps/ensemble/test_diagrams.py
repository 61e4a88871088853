"""Diagrams of calibrated scores: cross-fitted, one a score."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline import params
from pipeline.evaluation import protocol
from pipeline.steps.ensemble import diagrams, ensemble
from pipeline.steps.ensemble.assemble import FoldEvidence
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble.synthetic import CANDIDATES, HELD, fold_of

EVALUATED = params.load(ROOT / "tests/params.yaml").evaluation


@pytest.fixture
def held() -> FoldEvidence:
    return ensemble.held_out([fold_of(fold) for fold in range(8)])


@pytest.mark.parametrize("kind", ["logistic", "isotonic"])
def test_calibrated_scores_keep_their_word(held, kind):
    table = diagrams.pair_diagrams(held, kind, EVALUATED)
    assert set(table["score"]) == set(held.scores)
    for _, own in table.groupby("score"):
        assert own["fraction"].sum() == pytest.approx(1)
        error = (own["fraction"] * (own["probability"] - own["frequency"]).abs()).sum()
        assert error < 0.06  # 1,200 pairs, one in seven the same animal


def test_the_mean_truth_is_that_of_the_pairs(held):
    table = diagrams.pair_diagrams(held, "logistic", EVALUATED)
    own = table[table["score"] == "one.nearest"]
    weights = protocol.query_weights(held.queries["kind"], EVALUATED.new_whale_prior)
    same = held.choices(weights).right
    mean = np.average(same, weights=weights[held.query])
    assert (own["frequency"] * own["fraction"]).sum() == pytest.approx(mean)
    assert len(held.query) == 8 * HELD * CANDIDATES


def test_a_part_never_calibrates_itself(held):
    """Part 0's score lies, the others' tells the truth: a fit that knew it would be calibrated."""
    part = protocol.crossfit_parts(held.queries["group"], EVALUATED.crossfit, EVALUATED.seed)
    same = held.choices(np.ones(len(held.queries))).right
    turned = np.where(part[held.query] > 0, same, ~same).astype(float)
    told = replace(held, scores=held.scores[["one.nearest"]].assign(**{"one.nearest": turned}))
    table = diagrams.pair_diagrams(told, "isotonic", EVALUATED)
    assert (table["fraction"] * (table["probability"] - table["frequency"]).abs()).sum() > 0.1


def test_nothing_is_said_without_a_calibration(held):
    table = diagrams.pair_diagrams(held, "none", EVALUATED)
    assert table.empty and table.columns.tolist() == diagrams.COLUMNS
