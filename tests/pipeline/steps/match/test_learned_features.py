"""Learned local features from photographs to evidence, with random weights.

Each query is a copy of a gallery photograph under another name: whatever a network sees, it sees
the same in both.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline import params
from pipeline.data.features import Features
from pipeline.models import light_glue, local_detectors, loftr
from pipeline.params import Match
from pipeline.steps.keypoints import keypoints
from pipeline.steps.match import match
from pipeline.steps.match.queries import Galleries, Query
from pipeline.steps.match.semi_dense import PairScorer
from tests.conftest import ROOT
from tests.pipeline.data import synthetic_features

P = params.load(ROOT / "tests/params.yaml")
KNOWN, COUNT = 2, 20
QUERY = "w1_copy.png"


def draw(folder: Path) -> pd.DataFrame:
    """One photograph of each of two individuals, and a copy of the second one's."""
    table = synthetic_features.images(folder, dict.fromkeys(range(KNOWN), 1))
    shutil.copy(folder / "w1_0.png", folder / QUERY)
    copy = table[1:2].assign(image=QUERY, path=str(folder / QUERY))
    return pd.concat([table, copy], ignore_index=True)


def extract(table: pd.DataFrame, folder: Path, **changes) -> Features:
    """The features of the whole photographs, stored and read again."""
    boxes = synthetic_features.whole(table, folder / "crops.npy")
    section = P.keypoints.model_copy(update={"size": 96, "count": COUNT} | changes)
    keypoints.extract(table, boxes, folder / "crops.npy", section).save(folder / "features.npz")
    return Features.load(folder / "features.npz")


def match_copy(features: Features, table: pd.DataFrame, section: Match, detector: str):
    """The evidence for the copy, one row per identity and one column per source."""
    rows = table[["image", "identity"]][:KNOWN]
    galleries = Galleries(rows, {0: rows["image"]}, {})
    sets = {0: {QUERY: Query(0, rows["image"].tolist(), [], None)}}
    files = table.set_index("image")["path"].to_dict()
    found = match.match_sets(features, galleries, sets, section, detector, files)[0]
    return found.evidence.pivot(index="identity", columns="source", values="score")


def seeded(build: Callable[..., torch.nn.Module], *args: str) -> torch.nn.Module:
    """A network with random weights, the same in every test."""
    torch.manual_seed(0)
    return build(*args).eval()


@pytest.fixture(autouse=True)
def untrained(monkeypatch) -> None:
    """Random weights in place of published ones; files of weights have tests of their own."""
    detectors = local_detectors.DETECTORS
    monkeypatch.setattr(local_detectors, "load_network", lambda name, _: seeded(detectors[name][0]))
    monkeypatch.setattr(light_glue, "load_network", lambda name, _: seeded(light_glue.build, name))
    monkeypatch.setattr(loftr, "load_network", lambda _: seeded(loftr.build))


@pytest.fixture
def without_classifier(monkeypatch) -> None:
    """DeDoDe draws 120 million weights of a classifier that it does not use."""
    monkeypatch.setattr(torch.nn.Linear, "reset_parameters", lambda layer: None)
    monkeypatch.setattr(torch.nn.init, "normal_", lambda tensor, *_: tensor)


@pytest.mark.parametrize(
    ("detector", "inliers"),
    [("disk", COUNT / 2), ("aliked", COUNT / 2), ("xfeat", COUNT / 2), ("dedode", 0)],
)
def test_a_detector_finds_the_copy(tmp_path, detector, inliers, without_classifier):
    """Untrained, DeDoDe's points lie in one place, which has no geometry."""
    table = draw(tmp_path)
    features = extract(table, tmp_path, detector=detector)
    assert np.diff(features.starts).tolist() == [COUNT] * (KNOWN + 1)
    found = match_copy(features, table, P.match, detector)
    assert found["votes"].idxmax() == "w1"
    assert found.loc["w1", "inliers"] >= max(inliers, found.loc["w0", "inliers"])


@pytest.mark.parametrize("detector", ["aliked", "xfeat"])
def test_lightglue_matches_stored_features(tmp_path, detector):
    """Untrained, it matches at random; all that it matches are points of both."""
    table = draw(tmp_path)
    features = extract(table, tmp_path, detector=detector)
    section = P.match.model_copy(update={"matcher": "lightglue"})
    found = match_copy(features, table, section, detector)
    assert found["inliers"].between(0, COUNT).all()
    glue = light_glue.LightGlue(detector, "pretrained")
    glue.net.conf.filter_threshold = 0.0
    slices = features.rows(0), features.rows(1)
    points, descriptors = (
        tuple(array[rows] for rows in slices) for array in (features.points, features.descriptors)
    )
    rows = glue.match(points, descriptors, (features.sizes[0], features.sizes[1]))
    assert len(rows) and rows.shape[1] == 2 and rows.min() >= 0 and rows.max() < COUNT
    assert len(np.unique(rows[:, 0])) == len(rows) == len(np.unique(rows[:, 1]))
    few = points[0], points[1][:1]
    described = descriptors[0], descriptors[1][:1]
    assert glue.match(few, described, (features.sizes[0], features.sizes[1])).shape == (0, 2)


def test_loftr_finds_the_copy(tmp_path, monkeypatch):
    """SIFT makes the shortlist; untrained, LoFTR is sure of nothing."""
    monkeypatch.setattr(loftr, "CONFIDENCE", 0.0)
    table = draw(tmp_path)
    features = extract(table, tmp_path, contrast=0.0)
    section = P.match.model_copy(update={"pairs": "loftr"})
    found = match_copy(features, table, section, "sift")
    assert found["loftr"].idxmax() == "w1" and found.loc["w1", "loftr"] >= 6
    assert found["loftr"].notna().all()


def build_scorer(features: Features) -> PairScorer:
    """A scorer without a network."""
    scorer = PairScorer.__new__(PairScorer)
    scorer.features, scorer.params = features, P.match
    return scorer


def test_only_matches_near_keypoints_of_both_animals_count():
    """Five keypoints on each of two canvases of 100 x 100; the matches are shifted by (10, 0)."""
    first = np.array([[20, 20], [60, 20], [20, 60], [60, 60], [40, 40]], np.float32)
    second = first + [10, 0]
    features = Features(
        np.array(["a", "b"]),
        np.array([0, 5, 10]),
        np.array([5, 10]),
        np.concatenate([first, second]).astype(np.float32),
        np.zeros((10, 8), np.uint8),
        np.zeros((2, 2, 3)),
        np.full((2, 2), 100),
    )
    scorer = build_scorer(features)
    assert scorer.verify((0, 1), (first, second)) == 5
    # 17 pixels below a keypoint of the first photograph, and on one of the second
    beyond = np.array([[60, 77]], np.float32), np.array([[70, 60]], np.float32)
    far = tuple(np.concatenate(both) for both in zip((first, second), beyond, strict=True))
    assert scorer.verify((0, 1), far) == 5
    assert scorer.near_keypoints(0, np.array([[60.0, 75], [60, 77]])).tolist() == [True, False]
    none = np.empty((0, 2), np.float32)
    assert scorer.verify((0, 1), (none, none)) == 0


def test_an_animal_without_keypoints_has_no_matches():
    features = Features(
        np.array(["a", "b"]),
        np.zeros(3, int),
        np.zeros(2, int),
        np.empty((0, 2), np.float32),
        np.empty((0, 8), np.uint8),
        np.zeros((2, 2, 3)),
        np.full((2, 2), 100),
    )
    everywhere = np.random.default_rng(0).uniform(0, 100, (30, 2))
    assert build_scorer(features).verify((0, 1), (everywhere, everywhere)) == 0


def test_the_best_photograph_of_an_individual_counts(monkeypatch):
    """Individual w has 3 and 7 inliers, v has 5."""
    pairs = pd.DataFrame(
        {"query": "q", "image": ["w_0", "w_1", "v_0"], "identity": ["w", "w", "v"]}
    )
    scorer = PairScorer.__new__(PairScorer)
    monkeypatch.setattr(scorer, "count_inliers", lambda found: iter([3, 7, 5]), raising=False)
    found = scorer.build_evidence(pairs).set_index("identity")
    assert found["score"].to_dict() == {"v": 5.0, "w": 7.0}
    assert set(found["source"]) == {"loftr"} and set(found["member"]) == {"local"}
    monkeypatch.setattr(scorer, "count_inliers", lambda found: iter([]), raising=False)
    assert scorer.build_evidence(pairs[:0]).empty
