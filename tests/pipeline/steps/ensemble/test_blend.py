"""Blend: its table, and cross-fitting by hand."""

import numpy as np
import pytest

from pipeline import params
from pipeline.evaluation import protocol
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.ensemble.assemble import stack_held_out
from pipeline.steps.ensemble.blend import COLUMNS, Blend
from pipeline.steps.ensemble.linear_blends import WeightedBlend
from pipeline.steps.ensemble.missing_kinds import add_new_queries
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble.synthetic import build_fold

P = params.load(ROOT / "tests/params.yaml")


@pytest.fixture
def blend() -> Blend:
    recipe = P.ensembles["card"].model_copy(update={"method": "weighted"})
    settings = P.ensemble.model_copy(update={"calibration": "none"})
    return Blend(recipe, settings, P.evaluation, [])


def test_the_table_of_a_fitted_blend(blend):
    folds = [build_fold(0), build_fold(1)]
    held_out = stack_held_out(folds)
    table = blend.fit(held_out).log_odds(folds)
    complete = add_new_queries(held_out)
    weights = protocol.query_weights(complete.queries["kind"], P.evaluation.new_whale_prior)
    model = WeightedBlend().fit(complete, weights)
    assert table.columns.tolist() == COLUMNS
    assert np.array_equal(
        table["log_odds"], np.concatenate([model.log_odds(fold) for fold in folds])
    )
    assert table["fold"].tolist() == np.repeat([0, 1], [len(fold.query) for fold in folds]).tolist()


def test_cross_fitting_is_a_fit_per_part(blend):
    held_out = stack_held_out([build_fold(0), build_fold(1)])
    found = blend.cross_fit(held_out).set_index(["query", "identity"])["log_odds"]
    assert len(found) == len(held_out.query)
    for fit, score in CrossFit(held_out.queries["group"], P.evaluation.crossfit, P.evaluation.seed):
        one = blend.fit(held_out.select(fit)).log_odds([held_out.select(score)])
        expected = one.set_index(["query", "identity"])["log_odds"]
        assert np.array_equal(found.loc[expected.index], expected)
