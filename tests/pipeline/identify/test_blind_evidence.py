"""The evidence for pseudo-labels of a fold owes nothing to the fold's own photographs."""

import numpy as np
import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import tables
from pipeline.data.features import build_empty
from pipeline.data.gallery import Embeddings
from pipeline.data.members import Member
from pipeline.identify import blind_evidence

NAMES = ["a0", "b1", "c0", "c1", "t"]


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """a has one photograph, in fold 0, which looks like the test's; b one in fold 1, c in both."""
    monkeypatch.chdir(tmp_path)
    image = dict.fromkeys(tables.COLUMNS["images"], 0)
    rows = [image | {"image": name, "split": "test" if name == "t" else "train"} for name in NAMES]
    tables.write("images", pd.DataFrame(rows), paths.IMAGES)
    folds = pd.DataFrame({"image": NAMES[:4], "identity": list("abcc"), "fold": [0, 1, 0, 1]})
    folds = folds.assign(group=range(4), only_fold="", part=0)
    tables.write("folds", folds, paths.FOLDS)
    duplicate = pd.DataFrame([("t", "a0", "a")], columns=tables.COLUMNS["duplicates"])
    tables.write("duplicates", duplicate, paths.DUPLICATES)
    tables.write("viewpoints", pd.DataFrame(columns=tables.COLUMNS["viewpoints"]), paths.VIEWPOINTS)
    vectors = np.eye(4, dtype=np.float32)[[0, 1, 2, 2, 0]]
    for fold in (0, 1):
        Embeddings(np.array(NAMES), vectors).save(paths.embeddings("lite0", fold))


def test_an_individual_of_the_fold_alone_is_no_candidate(p):
    found = blind_evidence.score_blindly([0, 1], {"lite0": ["nearest"]}, p)
    candidates = {test.fold: test.identity.tolist() for test in found}
    assert candidates == {0: ["b", "c"], 1: ["a", "c"]}
    assert all(test.is_test.all() for test in found)
    assert found[1].scores["lite0.nearest"].max() == pytest.approx(1)
    assert found[0].scores["lite0.nearest"].max() == pytest.approx(0)


def test_local_features_are_matched_with_the_same_galleries(p, monkeypatch):
    """Of each fold alone: the nearest photographs, and the duplicate, where it is present."""
    matched = []
    monkeypatch.setattr(
        blind_evidence.match, "match_sets", lambda *args: matched.append(args) or {}
    )
    build_empty().save(paths.KEYPOINTS)
    lite0 = p.model_copy(update={"match": p.match.model_copy(update={"backbone": "lite0"})})
    folds = {fold: blind_evidence.leave_out(fold) for fold in (0, 1)}
    tests = blind_evidence.gallery.test_rows(pd.DataFrame({"image": ["t"], "split": "test"}))
    neighbours = {
        fold: blind_evidence.search(Member("lite0", fold), tests, rows, lite0)[1]
        for fold, rows in folds.items()
    }
    blind_evidence.match_blindly(tests, folds, neighbours, lite0)
    ((_, galleries, sets, *_),) = matched
    assert {fold: names.tolist() for fold, names in galleries.images.items()} == {
        0: ["b1", "c1"],
        1: ["a0", "c0"],
    }
    assert set(sets[0]["t"].nearest) == {"b1", "c1"} and sets[0]["t"].duplicates == []
    assert set(sets[1]["t"].nearest) == {"a0", "c0"} and sets[1]["t"].duplicates == ["a0"]
    assert sets[0]["t"].truth is None
