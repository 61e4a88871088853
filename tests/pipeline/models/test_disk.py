"""DISK and LightGlue with random weights: shapes, masks, bytes; and no weights to be had."""

import numpy as np
import pytest
import torch
from kornia import feature

from pipeline.models import disk
from tests.pipeline.data import synthetic_features as drawn


@pytest.fixture
def untrained(monkeypatch) -> None:
    """Networks with random weights stand for the downloaded ones."""
    torch.manual_seed(0)
    monkeypatch.setattr(feature.DISK, "from_pretrained", lambda: feature.DISK())
    glue = feature.LightGlue(None, input_dim=128, filter_threshold=0.0)

    matcher_type = feature.LightGlueMatcher

    def matcher(_name: str) -> torch.nn.Module:
        made = matcher_type.__new__(matcher_type)
        torch.nn.Module.__init__(made)
        made.feature_name, made.matcher = "disk", glue
        return made

    monkeypatch.setattr(feature, "LightGlueMatcher", matcher)


def test_points_lie_inside_the_mask_and_are_few(untrained):
    picture = drawn.photograph(0, 0)
    mask = np.zeros(picture.shape[:2], np.uint8)
    mask[:, 80:] = 255
    points, descriptors = disk.Disk().find(picture, mask, 30)
    assert points.shape == (30, 2) and descriptors.shape == (30, 128)
    assert points.dtype == np.float32 and descriptors.dtype == np.uint8
    assert (points[:, 0] >= 80).all() and (points[:, 1] < 120).all()
    nothing = disk.Disk().find(picture, 0 * mask, 30)
    assert [len(part) for part in nothing] == [0, 0]


def test_matches_are_rows_of_both(untrained):
    found = [
        disk.Disk().find(drawn.photograph(0, shot), np.ones((120, 160), np.uint8), 40)
        for shot in (0, 1)
    ]
    points, descriptors = zip(*found, strict=True)
    sizes = (np.array([160, 120]),) * 2
    pairs = disk.LightGlue().pairs(points, descriptors, sizes)
    assert pairs.ndim == 2 and pairs.shape[1] == 2 and pairs.dtype.kind == "i"
    assert len(np.unique(pairs[:, 0])) == len(pairs) and pairs.max(initial=0) < 40
    none = disk.LightGlue().pairs(
        (points[0], points[1][:0]), (descriptors[0], descriptors[1][:0]), sizes
    )
    assert none.shape == (0, 2)


def test_distances_survive_the_bytes():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 128))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    stored = disk.as_bytes(vectors).astype(float)
    true = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    kept = np.linalg.norm(stored[:, None] - stored, axis=2) / disk.LEVELS
    assert kept == pytest.approx(true, abs=0.02)
    assert disk.as_vectors(disk.as_bytes(vectors)) == pytest.approx(vectors, abs=0.5 / disk.LEVELS)


@pytest.mark.parametrize("what", ["DISK", "LightGlue"])
def test_weights_that_cannot_be_had_are_missed_at_once(untrained, monkeypatch, what):
    def unreachable(*_: str) -> None:
        raise OSError("name or service not known: example.org/weights.pth")

    if what == "DISK":
        monkeypatch.setattr(feature.DISK, "from_pretrained", unreachable)
    else:
        monkeypatch.setattr(feature, "LightGlueMatcher", unreachable)
    with pytest.raises(RuntimeError, match=f"weights of {what} .*example.org.*detector: sift"):
        disk.Disk()
