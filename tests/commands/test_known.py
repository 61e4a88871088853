"""What `identify` compares with: enrolled photographs, and the index that is kept."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commands import enroll, known
from pipeline import params, paths
from pipeline.data import gallery, tables
from pipeline.data.features import joined
from pipeline.steps.match import votes
from tests.conftest import ROOT
from tests.pipeline.data.test_enrolled_photo import photograph

pytestmark = pytest.mark.usefixtures("three_folds")


@pytest.fixture
def p() -> params.Params:
    return params.load(ROOT / "tests/params.yaml")


def test_what_other_members_made_is_made_anew(monkeypatch, capsys):
    monkeypatch.setattr(enroll, "made_with", lambda p: "later")
    monkeypatch.setattr(enroll, "renewed", lambda one, p, now: replace(one, made_with=now))
    (found,) = known.current([photograph("wal", "b0")], "hash t", None).values()
    assert found.made_with == "later" and found.identity == "wal"
    assert "wal.jpg (wal): looked at anew" in capsys.readouterr().out


def test_an_enrolled_photograph_does_not_find_itself_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(enroll, "made_with", lambda p: "now")
    added = [photograph("wal", "b0"), photograph("other", "c0")]
    assert list(known.current(added, "b0", None)) == ["enrolled other.jpg c0"]
    assert "this very photograph is enrolled as wal" in capsys.readouterr().out


def test_two_files_of_one_name_are_two_photographs(monkeypatch):
    monkeypatch.setattr(enroll, "made_with", lambda p: "now")
    added = [photograph("wal", "b0"), photograph("wal", "c0")]
    assert len(known.current(added, "hash t", None)) == 2


def test_every_member_shows_an_enrolled_photograph():
    folds = tables.read("folds", paths.FOLDS)
    both = known.with_enrolled(folds, {"x": photograph("wal", "b0"), "y": photograph("a", "c0")})
    for fold in (0, 1, 2):
        shown = gallery.gallery_rows(both, fold).set_index("image")["identity"]
        assert shown["x"] == "wal" and shown["y"] == "a"
    assert both["group"].is_unique
    assert known.with_enrolled(folds, {}) is folds


def test_a_members_vectors_of_stored_and_enrolled_photographs(p):
    for fold in p.folds.trained:
        own = np.eye(5, dtype=np.float32)[[fold]]
        gallery.Embeddings(np.array(["a0"]), own).save(paths.embeddings("lite0", fold))
    added = {"x": photograph("wal", "b0")}
    second = p.folds.trained[1]
    found = known.embeddings(second, added, p)
    assert found.of(pd.Series(["x"])).tolist() == [[0, 1, 0, 0, 0]]  # photograph's second member
    assert found.of(pd.Series(["a0"])).argmax() == second


def test_the_index_is_made_once_and_anew_for_other_settings_or_photographs(p, monkeypatch):
    made = []
    build_index = votes.build_index
    monkeypatch.setattr(votes, "build_index", lambda *args: made.append(1) or build_index(*args))
    rng = np.random.default_rng(0)
    own = [(rng.random((9, 2)), rng.integers(0, 99, (9, 8), np.uint8), 6) for _ in range(2)]
    features = joined(np.array(["a0", "b1"]), [(*one, np.eye(2, 3), (9, 9)) for one in own])
    shown = pd.Series(["a0", "b1"])
    first = known.kept_index(features, shown, p)
    assert first.ntotal == 12  # what lies around the animals is not asked
    assert known.kept_index(features, shown, p).ntotal == first.ntotal and len(made) == 1
    known.kept_index(features, shown[:1], p)
    probes = p.match.model_copy(update={"probes": 3})
    known.kept_index(features, shown, p.model_copy(update={"match": probes}))
    assert len(made) == 3
    assert len(list(paths.FEATURE_INDEX.iterdir())) == 1


def test_a_score_that_only_re_ranking_gives_is_refused(p, monkeypatch):
    def nothing(*args):
        raise ValueError("no evidence from 'reptile'")

    monkeypatch.setattr(known, "load_fold_evidence", nothing)
    with pytest.raises(SystemExit, match="'reptile'. identify does not re-rank"):
        known.known(p.ensembles["single"], {}, p)


def test_what_is_not_there_is_named(p):
    with pytest.raises(SystemExit, match="is not there: run the pipeline first"):
        known.known(p.ensembles["single"], {}, p)
