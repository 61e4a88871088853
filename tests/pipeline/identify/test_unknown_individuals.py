"""Photographs of unknown individuals, grouped by what the stage `verify` learned."""

import numpy as np
import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import tables
from pipeline.data.gallery import Embeddings
from pipeline.evaluation.pair_model import PairModel
from pipeline.evaluation.peers import PeerModel
from pipeline.identify import unknown_individuals
from pipeline.identify.unknown_individuals import NewPhotographs
from pipeline.system.errors import UserError

DEGREES = {"t0": 120, "t1": 124, "t2": 170, "t3": 2, "x": 60}
MATCHED = ["query", "image", "inliers", "weighted_inliers"]


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch, p):
    """Ensemble `best`: three of its four test photographs are answered new, t3 as a.

    Two of the three lie close together.
    """
    monkeypatch.chdir(tmp_path)
    angles = np.deg2rad(list(DEGREES.values()))
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    for fold in p.folds.trained:
        Embeddings(np.array(list(DEGREES)), vectors).save(paths.embeddings(p.match.backbone, fold))
    answers = ["new_whale a", "new_whale b", "new_whale b", "a new_whale"]
    answers = pd.DataFrame({"image": ["t0", "t1", "t2", "t3"], "ranking": answers})
    tables.write("test_rankings", answers, paths.test_rankings("best"))
    images = {"image": list(DEGREES), "split": "test", "identity": "", "sha256": list("01234")}
    images = pd.DataFrame(images).assign(path="p", width=1, height=1, bytes=1)
    tables.write("images", images, paths.IMAGES)
    matched = pd.DataFrame([("t0", "t2", 2.0, 1.0)], columns=MATCHED)
    tables.write_parquet(matched, paths.weighted_peers(paths.TEST))
    write_model(0.0)
    decide()


def write_model(threshold: float | None) -> None:
    """A pair is likely from a cosine of .5, or with many inliers."""
    model = PairModel()
    model.centre_, model.weights_ = np.array([0.5, 0, 0]), np.array([10.0, 1.0, 0.0])
    tables.write_json(PeerModel(model, 0.5, threshold).to_dict(), paths.PEER_MODEL)
    scores = {"ari": 0.3, "precision": 0.5, "recall": None}
    tables.write_json(scores, paths.PEER_SCORES)


def decide(*decisions: tuple[str, str, str]) -> None:
    table = pd.DataFrame(decisions, columns=["image_a", "image_b", "decision"])
    tables.write("review", table.assign(who="me", when="now"), paths.REVIEW)


def test_two_photographs_of_one_unknown_individual_are_one_group(p):
    """t0 and t2 have a cosine of .64 and t1 and t2 one of .69: linked by t0 and t1, at .998."""
    decide(("t2", "t1", "different"))
    found = unknown_individuals.cluster_unknown("best", p)
    assert found.groups["image"].tolist() == ["t0", "t1", "t2"]
    assert found.groups["group"].tolist() == [1, 1, 2]
    assert (found.ari, found.precision) == (0.3, 0.5) and np.isnan(found.recall)


def test_decisions_by_way_of_other_photographs_hold(p):
    """t0 is the same as x, and t1 is not."""
    decide(("x", "t0", "same"), ("t1", "x", "different"), ("t2", "x", "same"))
    found = unknown_individuals.cluster_unknown("best", p)
    assert found.groups["group"].tolist() == [1, 2, 1]


def test_how_sure_a_photograph_is_of_its_group_is_the_mean_over_the_others(p):
    found = unknown_individuals.cluster_unknown("best", p).groups
    assert found["group"].tolist() == [1, 1, 1]
    new = NewPhotographs.load("best", p)
    sure = new.model.log_odds(new.peers.tabulate(), 3)
    probability = 1 / (1 + np.exp(-sure))
    means = [(probability[i].sum() - probability[i, i]) / 2 for i in range(3)]
    assert found["probability"].tolist() == pytest.approx(means)


def test_photographs_of_one_name_are_together_and_of_two_names_apart(p):
    decide(("t0", "Anna", "name"), ("t1", "Bo", "name"), ("t2", "Anna", "name"))
    found = unknown_individuals.cluster_unknown("best", p).groups
    assert found["group"].tolist() == [1, 2, 1]
    assert found["probability"].notna().tolist() == [True, False, True]


def test_an_unknown_ensemble_is_refused(p):
    with pytest.raises(UserError, match="no ensemble bset"):
        unknown_individuals.cluster_unknown("bset", p)


def test_a_pipeline_that_has_not_run_is_named(p):
    with pytest.raises(
        UserError, match="card/test_rankings.csv does not exist: run the pipeline first"
    ):
        unknown_individuals.cluster_unknown("card", p)


def test_without_two_photographs_of_one_individual_nothing_is_grouped(p):
    write_model(None)
    with pytest.raises(UserError, match="nothing was written: no pair model can be fitted"):
        unknown_individuals.cluster_unknown("best", p)
