"""Evidence per fold from the files of a project."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import evidence
from pipeline.steps.ensemble import load
from pipeline.system.errors import UserError
from tests.conftest import ROOT

RECIPE = (
    params.load(ROOT / "tests/params.yaml")
    .ensembles["card"]
    .model_copy(
        update={
            "backbones": {"one": 1.0, "two": 0.0},
            "scores": ["reranked or nearest"],
            "local": {"votes": 1.0, "weighted_inliers": 1.0},
        }
    )
)
FOLDS = pd.DataFrame(
    {"image": ["a0", "a1"], "identity": "a", "group": [0, 1], "only_fold": "", "fold": [0, 1]}
).assign(part=0)
IMAGES = pd.DataFrame({"image": ["a0", "a1", "t"], "split": ["train", "train", "test"]})


def save(path, source: str, score: float, query: str = "t") -> None:
    """One row for the query and the identity a."""
    query, identity = np.array([query]), np.array(["a"])
    evidence.save(evidence.build(query, identity, "m", {source: np.array([score])}), path)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Evidence of backbone `one`, of both folds; a different score in each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(load.artefacts, "load_images", lambda: IMAGES)
    for fold in (0, 1):
        save(paths.evidence("neighbours", "one", fold), "nearest", 0.25 + fold)
        save(paths.evidence("rerank", "one", fold), "reranked", 0.5 + fold)
        save(paths.match_evidence(fold), "votes", 4.0, f"a{fold}")
        save(paths.weighted_evidence(fold), "weighted_inliers", 5.0, f"a{fold}")
    save(paths.match_evidence(paths.TEST), "votes", 3.0)
    save(paths.weighted_evidence(paths.TEST), "weighted_inliers", 2.0)


def test_scores_of_active_backbones_and_of_local_features_per_fold():
    folds = load.load_fold_evidence(RECIPE, [0, 1], FOLDS)
    assert [fold.fold for fold in folds] == [0, 1]
    for fold in folds:
        assert fold.scores.filter(like="local").iloc[0].tolist() == [4.0, 5.0]  # its held-out query
        scores = fold.scores.iloc[1].to_dict()  # the test's, which all folds share
        assert scores == {
            "one.reranked": 0.5 + fold.fold,
            "local.votes": 3.0,
            "local.weighted_inliers": 2.0,
        }
        assert fold.queries["image"].tolist() == [f"a{fold.fold}", "t"]


def test_only_the_named_stages_are_read():
    (fold,) = load.load_fold_evidence(RECIPE, [1], FOLDS, ("neighbours",))
    assert set(fold.scores["one.nearest"]) == {1.25}
    assert "one.reranked" not in fold.scores


def test_a_stage_that_has_not_run_is_an_error():
    paths.evidence("rerank", "one", 1).unlink()
    with pytest.raises(UserError, match="evidence.parquet does not exist: run the pipeline"):
        load.load_fold_evidence(RECIPE, [0, 1], FOLDS)


def test_a_fold_in_which_no_query_can_be_compared_has_the_other_folds_sources():
    """As where all its gallery's photographs show another side of the animal."""
    backbones = [paths.evidence(stage, "one", 0) for stage in ("neighbours", "rerank")]
    local = [
        path(of)
        for path in (paths.match_evidence, paths.weighted_evidence)
        for of in (0, paths.TEST)
    ]
    for path in (*backbones, *local):
        evidence.save(evidence.build_empty(), path)
    empty, other = load.load_fold_evidence(RECIPE, [0, 1], FOLDS)
    assert empty.scores.columns.tolist() == other.scores.columns.tolist()
    assert not len(empty.query) and len(other.query)
