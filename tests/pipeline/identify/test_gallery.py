"""What a photograph is compared with: embeddings, and the stored index."""

import numpy as np
import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import gallery as rows
from pipeline.data.features import join
from pipeline.identify import gallery
from pipeline.steps.match import votes
from pipeline.system.errors import UserError
from tests.pipeline.data.test_enrolled_photo import build_enrolled

pytestmark = pytest.mark.usefixtures("three_folds")


def test_a_members_embeddings_of_stored_and_enrolled_photographs(p):
    for fold in p.folds.trained:
        vectors = np.eye(5, dtype=np.float32)[[fold]]
        rows.Embeddings(np.array(["a0"]), vectors).save(paths.embeddings("lite0", fold))
    photographs = {"x": build_enrolled("wal", "b0")}
    second = p.folds.trained[1]
    found = gallery.load_embeddings(second, photographs, p)
    assert found.of(pd.Series(["x"])).tolist() == [[0, 1, 0, 0, 0]]  # photograph's second member
    assert found.of(pd.Series(["a0"])).argmax() == second


def test_the_index_is_built_once_and_again_for_other_settings_or_photographs(p, monkeypatch):
    built = []
    build = votes.build_index
    monkeypatch.setattr(votes, "build_index", lambda *args: built.append(1) or build(*args))
    rng = np.random.default_rng(0)
    found = [(rng.random((9, 2)), rng.integers(0, 99, (9, 8), np.uint8), 6) for _ in range(2)]
    features = join(np.array(["a0", "b1"]), [(*one, np.eye(2, 3), (9, 9)) for one in found])
    images = pd.Series(["a0", "b1"])
    first = gallery.load_or_build_index(features, images, p)
    assert first.ntotal == 12  # points around the animals are not indexed
    assert gallery.load_or_build_index(features, images, p).ntotal == first.ntotal
    assert len(built) == 1
    gallery.load_or_build_index(features, images[:1], p)
    probes = p.match.model_copy(update={"probes": 3})
    gallery.load_or_build_index(features, images, p.model_copy(update={"match": probes}))
    assert len(built) == 3
    assert len(list(paths.FEATURE_INDEX.iterdir())) == 1


def test_an_ensemble_that_needs_re_ranking_is_refused(p, monkeypatch):
    def fail(*args):
        raise ValueError("no evidence from 'reptile'")

    monkeypatch.setattr(gallery, "load_fold_evidence", fail)
    with pytest.raises(UserError, match="'reptile'. identify does not re-rank"):
        gallery.load_gallery(p.ensembles["single"], {}, p)


def test_a_missing_file_is_named(p):
    with pytest.raises(UserError, match="does not exist: run the pipeline first"):
        gallery.load_gallery(p.ensembles["single"], {}, p)
