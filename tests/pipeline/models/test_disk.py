"""DISK and LightGlue with random weights: shapes, masks, bytes; and missing weights."""

import numpy as np
import pytest
import torch
from kornia import feature

from pipeline.models import disk
from pipeline.system.errors import UserError
from tests.pipeline.data import synthetic_features


@pytest.fixture
def untrained(monkeypatch) -> None:
    """Networks with random weights in place of the downloaded ones."""
    torch.manual_seed(0)
    monkeypatch.setattr(feature.DISK, "from_pretrained", lambda: feature.DISK())
    glue = feature.LightGlue(None, input_dim=128, filter_threshold=0.0)

    matcher_type = feature.LightGlueMatcher

    def build_matcher(_name: str) -> torch.nn.Module:
        matcher = matcher_type.__new__(matcher_type)
        torch.nn.Module.__init__(matcher)
        matcher.feature_name, matcher.matcher = "disk", glue
        return matcher

    monkeypatch.setattr(feature, "LightGlueMatcher", build_matcher)


def test_points_lie_inside_the_mask_and_are_limited_in_number(untrained):
    picture = synthetic_features.photograph(0, 0)
    mask = np.zeros(picture.shape[:2], np.uint8)
    mask[:, 80:] = 255
    net = disk.Disk()
    ((points, descriptors),) = net.detect(picture, [(mask, 30)])
    assert points.shape == (30, 2) and descriptors.shape == (30, 128)
    assert points.dtype == np.float32 and descriptors.dtype == np.uint8
    assert (points[:, 0] >= 80).all() and (points[:, 1] < 120).all()
    again, empty = net.detect(picture, [(mask, 20), (0 * mask, 30)])
    assert np.array_equal(again[0], points[:20]) and np.array_equal(again[1], descriptors[:20])
    assert [len(array) for array in empty] == [0, 0]


def test_matches_are_rows_of_both(untrained):
    detected = [
        disk.Disk().detect(
            synthetic_features.photograph(0, shot), [(np.ones((120, 160), np.uint8), 40)]
        )[0]
        for shot in (0, 1)
    ]
    points, descriptors = zip(*detected, strict=True)
    sizes = (np.array([160, 120]),) * 2
    matches = disk.LightGlue().match(points, descriptors, sizes)
    assert matches.ndim == 2 and matches.shape[1] == 2 and matches.dtype.kind == "i"
    assert len(np.unique(matches[:, 0])) == len(matches) and matches.max(initial=0) < 40
    none = disk.LightGlue().match(
        (points[0], points[1][:0]), (descriptors[0], descriptors[1][:0]), sizes
    )
    assert none.shape == (0, 2)


def test_distances_survive_the_bytes():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 128))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    stored = disk.to_bytes(vectors).astype(float)
    true = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    from_stored = np.linalg.norm(stored[:, None] - stored, axis=2) / disk.LEVELS
    assert from_stored == pytest.approx(true, abs=0.02)
    assert disk.from_bytes(disk.to_bytes(vectors)) == pytest.approx(vectors, abs=0.5 / disk.LEVELS)


@pytest.mark.parametrize("network", ["DISK", "LightGlue"])
def test_weights_that_cannot_be_fetched_are_reported_at_once(untrained, monkeypatch, network):
    def unreachable(*_: str) -> None:
        raise OSError("name or service not known: example.org/weights.pth")

    if network == "DISK":
        monkeypatch.setattr(feature.DISK, "from_pretrained", unreachable)
    else:
        monkeypatch.setattr(feature, "LightGlueMatcher", unreachable)
    with pytest.raises(UserError, match=f"weights of {network} .*example.org.*detector: sift"):
        disk.Disk()
