"""Source probabilities: cross-fitted for held-out queries, the mean of the folds for the test."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import KNOWN
from pipeline.steps.ensemble import source_probabilities
from pipeline.steps.ensemble.assemble import FoldEvidence, stack_held_out
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble.synthetic import build_fold

P = params.load(ROOT / "tests/params.yaml")


@pytest.fixture
def folds() -> list[FoldEvidence]:
    return [build_fold(0), build_fold(1)]


def average_scores(folds: list[FoldEvidence]) -> pd.DataFrame:
    rows = [
        pd.DataFrame(
            {
                "query": fold.queries["image"].to_numpy()[fold.query],
                "fold": fold.fold,
                "identity": fold.identity,
                "log_odds": fold.scores.to_numpy().mean(axis=1),
            }
        )
        for fold in folds
    ]
    return pd.concat(rows)


def test_every_query_has_probabilities_of_its_best_candidates(folds, monkeypatch):
    monkeypatch.setattr(source_probabilities, "TOP", 2)
    table = average_scores(folds)
    found = source_probabilities.compute_source_probabilities(folds, table, "none", P.evaluation)
    assert set(found["query"]) == set(table["query"])
    assert not found.duplicated(["query", "identity"]).any()
    held_out = ~found["query"].isin(folds[0].queries.loc[folds[0].is_test, "image"])
    assert (found[held_out].groupby("query").size() == 2).all()
    scores = found.drop(columns=["query", "identity"])
    assert scores.columns.tolist() == folds[0].scores.columns.tolist()
    assert scores.to_numpy().min() > 0 and scores.to_numpy().max() < 1


def test_the_probability_of_a_test_query_is_the_mean_over_folds(folds):
    held_out = stack_held_out(folds)
    by_fold = []
    for fold in folds:
        test = fold.select(fold.is_test)
        fitted = source_probabilities.fit_probabilities(
            held_out, test.scores, "isotonic", P.evaluation
        )
        by_fold.append(
            source_probabilities.name_candidates(test, fitted).set_index(["query", "identity"])
        )
    expected = pd.concat(by_fold).groupby(level=[0, 1]).mean()
    found = source_probabilities.compute_source_probabilities(
        folds, average_scores(folds), "none", P.evaluation
    )
    found = found.set_index(["query", "identity"])
    common = found.index.intersection(expected.index)
    assert len(common)
    pd.testing.assert_frame_equal(found.loc[common], expected.loc[common], check_like=True)


def test_the_truth_of_a_query_never_reaches_its_probabilities(folds):
    held_out = stack_held_out(folds)
    before = source_probabilities.cross_fit_probabilities(held_out, "logistic", P.evaluation)
    known = held_out.queries.index[held_out.queries["kind"] == KNOWN][0]
    rows = held_out.query == known
    held_out.queries.loc[known, "truth"] = "another"
    after = source_probabilities.cross_fit_probabilities(held_out, "logistic", P.evaluation)
    assert np.allclose(before[rows], after[rows])
    assert not np.allclose(before[~rows], after[~rows])
