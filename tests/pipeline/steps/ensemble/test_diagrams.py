"""Reliability diagrams of calibrated scores: cross-fitted, one per score."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline import params
from pipeline.evaluation import protocol
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.ensemble import diagrams
from pipeline.steps.ensemble.assemble import FoldEvidence, stack_held_out
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble.synthetic import CANDIDATES, HELD_OUT, build_fold

EVALUATION = params.load(ROOT / "tests/params.yaml").evaluation


@pytest.fixture
def held_out() -> FoldEvidence:
    return stack_held_out([build_fold(fold) for fold in range(8)])


@pytest.mark.parametrize("kind", ["logistic", "isotonic"])
def test_calibrated_scores_have_a_small_calibration_error(held_out, kind):
    table = diagrams.build_pair_diagrams(held_out, kind, EVALUATION)
    assert set(table["score"]) == set(held_out.scores)
    for _, rows in table.groupby("score"):
        assert rows["fraction"].sum() == pytest.approx(1)
        error = (rows["fraction"] * (rows["probability"] - rows["frequency"]).abs()).sum()
        assert error < 0.06  # 1,200 pairs, one in seven the same animal


def test_the_mean_of_right_is_that_of_the_pairs(held_out):
    table = diagrams.build_pair_diagrams(held_out, "logistic", EVALUATION)
    rows = table[table["score"] == "one.nearest"]
    weights = protocol.query_weights(held_out.queries["kind"], EVALUATION.new_whale_prior)
    same = held_out.to_choices(weights).right
    mean = np.average(same, weights=weights[held_out.query])
    assert (rows["frequency"] * rows["fraction"]).sum() == pytest.approx(mean)
    assert len(held_out.query) == 8 * HELD_OUT * CANDIDATES


def test_a_part_is_never_in_the_fit_of_its_calibration(held_out):
    """The score is wrong in part 0 and right in the others: a fit with part 0 would show that."""
    part = CrossFit(held_out.queries["group"], EVALUATION.crossfit, EVALUATION.seed).part
    same = held_out.to_choices(np.ones(len(held_out.queries))).right
    turned = np.where(part[held_out.query] > 0, same, ~same).astype(float)
    evidence = replace(
        held_out, scores=held_out.scores[["one.nearest"]].assign(**{"one.nearest": turned})
    )
    table = diagrams.build_pair_diagrams(evidence, "isotonic", EVALUATION)
    assert (table["fraction"] * (table["probability"] - table["frequency"]).abs()).sum() > 0.1


def test_no_diagram_without_a_calibration(held_out):
    table = diagrams.build_pair_diagrams(held_out, "none", EVALUATION)
    assert table.empty and table.columns.tolist() == diagrams.COLUMNS
