"""Photographs of unknown individuals are grouped by the members' embeddings."""

import itertools

import numpy as np
import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import tables
from pipeline.data.gallery import Embeddings
from pipeline.identify import unknown_individuals
from pipeline.system.errors import UserError

DEGREES = {"a0": 0, "a1": 5, "b0": 60, "b1": 66, "t0": 120, "t1": 124, "t2": 170, "t3": 2}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Ensemble `best`: three of its four test photographs are answered new, t3 as a.

    Two of the three lie close together. Two individuals are known, and n is a new_whale.
    """
    monkeypatch.chdir(tmp_path)
    rows = [("a0", "a", 0), ("a1", "a", 0), ("b0", "b", 0), ("n", "new_whale", 0)]
    rows += [("a2", "a", 1), ("a4", "a", 1), ("b1", "b", 1), ("a3", "a", 2)]
    folds = pd.DataFrame(rows, columns=["image", "identity", "fold"])
    tables.write("folds", folds.assign(group=range(len(folds)), only_fold="", part=0), paths.FOLDS)
    degrees = DEGREES | {"n": 3, "a2": 1, "a3": 4, "a4": 5}
    angles = np.deg2rad(list(degrees.values()))
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    for backbone, fold in itertools.product(["lite0", "regnet", "mobilenet"], range(3)):
        Embeddings(np.array(list(degrees)), vectors).save(paths.embeddings(backbone, fold))
    answers = ["new_whale a", "new_whale b", "new_whale b", "a new_whale"]
    answers = pd.DataFrame({"image": ["t0", "t1", "t2", "t3"], "ranking": answers})
    tables.write("test_rankings", answers, paths.test_rankings("best"))


def test_two_photographs_of_one_unknown_individual_are_one_group(p):
    found = unknown_individuals.cluster_unknown("best", p)
    assert found.groups.to_dict("list") == {"image": ["t0", "t1", "t2"], "group": [0, 0, 1]}
    assert (found.precision, found.recall) == (1, 1)


def test_new_whales_are_not_fitted_on():
    """n lies beside a's photographs, but its individual is not known."""
    _, identity = unknown_individuals.load_held_out(["lite0"], 0)
    assert identity.tolist() == ["a", "a", "b"]


def test_an_unknown_ensemble_is_refused(p):
    with pytest.raises(UserError, match="no ensemble bset"):
        unknown_individuals.cluster_unknown("bset", p)


def test_a_pipeline_that_has_not_run_is_named(p):
    with pytest.raises(
        UserError, match="card/test_rankings.csv does not exist: run the pipeline first"
    ):
        unknown_individuals.cluster_unknown("card", p)


def test_without_two_photographs_of_one_individual_nothing_is_grouped(p):
    rows = tables.read("folds", paths.FOLDS)
    tables.write("folds", rows.drop_duplicates("identity"), paths.FOLDS)
    with pytest.raises(UserError, match="nothing was written: no two held-out photographs"):
        unknown_individuals.cluster_unknown("best", p)


def test_the_folds_that_chose_a_min_cosine_do_not_judge_it():
    """Both folds are right at some cosine, but at none in common."""
    degrees = np.deg2rad([0, 5, 60, 66]), np.deg2rad([0, 50, 120, 175])
    folds = [
        (np.column_stack([np.cos(angles), np.sin(angles)]), np.array(["a", "a", "b", "b"]))
        for angles in degrees
    ]
    for fold in folds:
        assert unknown_individuals.measure_quality([fold, fold]) == (1, 1)
    _, recall = unknown_individuals.measure_quality(folds)
    assert recall < 1
    assert np.isnan(unknown_individuals.measure_quality(folds[:1])).all()
