"""Queries that are compared with each other, by what lies in files."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import tables
from pipeline.data.gallery import Embeddings
from pipeline.steps.submission.load import Comparison
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")
MATCHED = ["query", "image", "inliers", "weighted_inliers"]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A function that writes the test's matched pairs; every member has vectors of its own."""
    monkeypatch.chdir(tmp_path)
    for number, backbone in enumerate(P.backbones):
        for fold in P.folds.trained:
            angles = np.deg2rad([0.0, 30 * (number + 1) + fold])
            vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
            Embeddings(np.array(["a", "b"]), vectors).save(paths.embeddings(backbone, fold))

    def write_pairs(*pairs) -> None:
        for key in [*P.folds.trained, paths.TEST]:
            table = pd.DataFrame(pairs if key == paths.TEST else [], columns=MATCHED)
            table = table.astype({"inliers": float, "weighted_inliers": float})
            tables.write_parquet(table, paths.weighted_peers(key))

    return write_pairs


def compare(key) -> pd.DataFrame:
    """The pair of a and b."""
    recipe, folds = P.ensembles["card"], P.folds.trained
    recipe = recipe.model_copy(update={"backbones": dict.fromkeys(P.backbones, 1.0)})
    return Comparison.load(recipe, folds, P.match.backbone).compare(key, ["a", "b"]).tabulate()


def mean_cosine(backbones, folds) -> float:
    numbers = list(P.backbones)
    angles = [30 * (numbers.index(name) + 1) + fold for name in backbones for fold in folds]
    return float(np.mean(np.cos(np.deg2rad(angles))))


def test_matched_queries_are_compared_by_the_backbone_that_they_were_shortlisted_by(write):
    write(("b", "a", 7.0, 3.0))
    (test,) = compare(paths.TEST).to_dict("records")
    assert (test["inliers"], test["weighted_inliers"], test["is_matched"]) == (7, 3, True)
    own = [P.match.backbone]
    assert test["similarity"] == pytest.approx(mean_cosine(own, P.folds.trained), abs=1e-6)
    (held_out,) = compare(1).to_dict("records")
    assert (held_out["inliers"], held_out["is_matched"]) == (0, False)
    assert held_out["similarity"] == pytest.approx(mean_cosine(own, [1]), abs=1e-6)


def test_without_matches_all_embeddings_of_the_ensemble_are_compared(write):
    write()
    (test,) = compare(paths.TEST).to_dict("records")
    every = mean_cosine(P.backbones, P.folds.trained)
    assert test["similarity"] == pytest.approx(every, abs=1e-6)
    assert len(P.backbones) > 1 and every != mean_cosine([P.match.backbone], P.folds.trained)
