"""What a photograph is compared with: embeddings, and the stored index."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import gallery as rows
from pipeline.data.features import NO_EDGE, Features, join
from pipeline.identify import gallery, stored_index
from pipeline.identify.enrolled import add_enrolled_features
from pipeline.steps.match import index as feature_index
from pipeline.system.errors import UserError
from tests.pipeline.data.synthetic_edges import build_features
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


@pytest.fixture
def built(monkeypatch) -> list[int]:
    """One number for each time that an index was built."""
    numbers = []
    build = feature_index.build_codes
    monkeypatch.setattr(
        feature_index, "build_codes", lambda *args: numbers.append(1) or build(*args)
    )
    return numbers


def draw_features() -> Features:
    rng = np.random.default_rng(0)
    found = [(rng.random((9, 2)), rng.integers(0, 99, (9, 8), np.uint8), 6) for _ in range(2)]
    return join(np.array(["a0", "b1"]), [(*one, np.eye(2, 3), (9, 9)) for one in found])


def test_the_index_is_built_once_and_again_for_other_settings_or_photographs(p, built):
    features = draw_features()
    images = pd.Series(["a0", "b1"])
    first = stored_index.load_or_build(features, images, p.match, paths.FEATURE_INDEX)
    assert first.ntotal == 12  # points around the animals are not indexed
    assert (
        stored_index.load_or_build(features, images, p.match, paths.FEATURE_INDEX).ntotal
        == first.ntotal
    )
    assert len(built) == 1
    stored_index.load_or_build(features, images[:1], p.match, paths.FEATURE_INDEX)
    probes = p.match.model_copy(update={"probes": 3})
    stored_index.load_or_build(features, images, probes, paths.FEATURE_INDEX)
    assert len(built) == 3
    assert len(list(paths.FEATURE_INDEX.iterdir())) == 1


def test_the_index_of_trailing_edges_is_kept_too(p, built):
    """And enrolled photographs are added to it, also one without an edge."""
    stored = build_features()
    names = stored.names.tolist()
    folds = pd.DataFrame({"image": names, "identity": [name[:2] for name in names]})
    folds = folds.assign(group=range(len(names)), only_fold="", fold=0, part=0)
    first = gallery.build_local_gallery(stored, folds, {}, {}, p)
    edges = [stored.of(0), stored.of(1)._replace(edge=NO_EDGE)]
    added = {
        name: replace(build_enrolled("w9", "a0"), features=join([name], [one]))
        for name, one in zip("xy", edges, strict=True)
    }
    appended = add_enrolled_features(stored, added)
    second = gallery.build_local_gallery(appended, folds, added, {}, p)
    windows = len(stored.edges)
    assert (
        first.edge_matcher.index.ntotal == windows and len(built) == 2
    )  # of points and edges, once
    assert second.edge_matcher.index.ntotal == windows + len(edges[0].edge)
    assert second.matcher.index.ntotal == first.matcher.index.ntotal + 10
    without = build_features(edges=False)
    assert gallery.build_local_gallery(without, folds, {}, {}, p).edge_matcher is None


@pytest.mark.fault(
    "identify",
    "the kept index of the gallery's local features is cut, or one of its bytes is flipped",
    "it is built again, and the answer is as before",
)
def test_a_damaged_index_is_built_again(p, built):
    features, images = draw_features(), pd.Series(["a0", "b1"])
    index = stored_index.load_or_build(features, images, p.match, paths.FEATURE_INDEX)
    expected = feature_index.search(features.descriptors, index, 12)
    (path,) = paths.FEATURE_INDEX.iterdir()
    whole = path.read_bytes()
    flipped = whole[:99] + bytes([whole[99] ^ 1]) + whole[100:]
    for count, damaged in enumerate([b"", whole[:20], whole[:-40], flipped], start=2):
        path.write_bytes(damaged)
        found = stored_index.load_or_build(features, images, p.match, paths.FEATURE_INDEX)
        answer = feature_index.search(features.descriptors, found, 12)
        assert all(map(np.array_equal, answer, expected)) and len(built) == count
        assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "score, hint",
    [("reptile", "identify does not re-rank"), ("margin_score", "run the pipeline again")],
)
def test_an_ensemble_whose_scores_are_missing_is_refused(p, monkeypatch, score, hint):
    def fail(*args):
        raise ValueError(f"no evidence from '{score}'")

    monkeypatch.setattr(gallery, "load_fold_evidence", fail)
    recipe = p.ensembles["single"].model_copy(update={"scores": [score]})
    with pytest.raises(UserError, match=f"'{score}'. .*{hint}"):
        gallery.load_gallery(recipe, {}, p)


def test_a_missing_file_is_named(p):
    with pytest.raises(UserError, match="does not exist: run the pipeline first"):
        gallery.load_gallery(p.ensembles["single"], {}, p)


def test_vectors_of_another_length_are_refused(p):
    stored = rows.Embeddings(np.array(["a0"]), np.eye(5, dtype=np.float32)[:1])
    gallery.check_lengths(stored, np.ones((1, 5)), 0, p)
    with pytest.raises(UserError, match="has vectors of 5 numbers, and params.yaml makes 10"):
        gallery.check_lengths(stored, np.ones((1, 10)), 0, p)
