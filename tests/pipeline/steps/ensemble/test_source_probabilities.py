"""Each score as a chance: cross-fitted, and the mean of the folds that were asked."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import KNOWN, TEST
from pipeline.steps.ensemble import ensemble, source_probabilities
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble.synthetic import fold_of

P = params.load(ROOT / "tests/params.yaml")


@pytest.fixture
def parts() -> list:
    return [fold_of(0), fold_of(1)]


def answered(parts: list) -> pd.DataFrame:
    rows = [
        pd.DataFrame(
            {
                "query": part.queries["image"].to_numpy()[part.query],
                "fold": part.fold,
                "identity": part.identity,
                "log_odds": part.scores.to_numpy().mean(axis=1),
            }
        )
        for part in parts
    ]
    return pd.concat(rows)


def test_every_query_has_chances_of_its_best_candidates(parts, monkeypatch):
    monkeypatch.setattr(source_probabilities, "BEST", 2)
    table = answered(parts)
    found = source_probabilities.of_answers(parts, table, "none", P.evaluation)
    assert set(found["query"]) == set(table["query"])
    assert not found.duplicated(["query", "identity"]).any()
    held = ~found["query"].isin(parts[0].queries.loc[parts[0].queries["kind"] == TEST, "image"])
    assert (found[held].groupby("query").size() == 2).all()
    scores = found.drop(columns=["query", "identity"])
    assert scores.columns.tolist() == parts[0].scores.columns.tolist()
    assert scores.to_numpy().min() > 0 and scores.to_numpy().max() < 1


def test_a_test_querys_chance_is_the_folds_mean(parts):
    held = ensemble.held_out(parts)
    each = []
    for part in parts:
        test = part.only((part.queries["kind"] == TEST).to_numpy())
        fitted = source_probabilities.fitted_on(held, test.scores, "isotonic", P.evaluation)
        each.append(source_probabilities.named(test, fitted).set_index(["query", "identity"]))
    wanted = pd.concat(each).groupby(level=[0, 1]).mean()
    found = source_probabilities.of_answers(parts, answered(parts), "none", P.evaluation)
    found = found.set_index(["query", "identity"])
    own = found.index.intersection(wanted.index)
    assert len(own)
    pd.testing.assert_frame_equal(found.loc[own], wanted.loc[own], check_like=True)


def test_a_querys_own_truth_does_not_reach_its_chances(parts):
    held = ensemble.held_out(parts)
    before = source_probabilities.cross_fitted(held, "logistic", P.evaluation)
    known = held.queries.index[held.queries["kind"] == KNOWN][0]
    own = held.query == known
    held.queries.loc[known, "truth"] = "somebody else"
    after = source_probabilities.cross_fitted(held, "logistic", P.evaluation)
    assert np.allclose(before[own], after[own])
    assert not np.allclose(before[~own], after[~own])
