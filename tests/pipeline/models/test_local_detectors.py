"""Learned local features with random weights: places, masks, bytes; and their weights."""

import numpy as np
import pytest
import torch

from pipeline.models import local_detectors
from pipeline.models.local_detectors import LocalDetector
from pipeline.system.errors import UserError
from tests.pipeline.data import synthetic_features
from tests.pipeline.models import random_weights

SIZES = {"disk": 128, "aliked": 128, "xfeat": 64}  # DeDoDe's networks take too long to draw


@pytest.fixture(scope="module")
def detectors(tmp_path_factory) -> dict[str, LocalDetector]:
    folder = tmp_path_factory.mktemp("weights")
    files = {name: random_weights.write_detector(name, folder) for name in SIZES}
    return {name: LocalDetector(name, file) for name, file in files.items()}


@pytest.mark.parametrize("name", SIZES)
def test_points_lie_inside_the_mask_and_are_limited_in_number(detectors, name):
    picture = synthetic_features.photograph(0, 0)
    mask = np.zeros(picture.shape[:2], np.uint8)
    mask[:, 80:] = 255
    ((points, descriptors),) = detectors[name].detect(picture, [(mask, 12)])
    assert points.shape == (12, 2) and descriptors.shape == (12, SIZES[name])
    assert points.dtype == np.float32 and descriptors.dtype == np.uint8
    assert (points[:, 0] >= 79.5).all() and (points[:, 1] < 120).all()
    lengths = np.linalg.norm(local_detectors.from_bytes(descriptors), axis=1)
    assert lengths == pytest.approx(np.ones(12), abs=0.05)
    again, empty = detectors[name].detect(picture, [(mask, 5), (0 * mask, 30)])
    assert np.array_equal(again[0], points[:5]) and np.array_equal(again[1], descriptors[:5])
    assert empty[0].shape == (0, 2) and empty[1].shape == (0, SIZES[name])


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("shape", [(1, 1), (9, 70)])
def test_a_tiny_canvas_has_points_within_it_or_none(detectors, name, shape):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    ((points, _),) = detectors[name].detect(picture, [(np.full(shape, 255, np.uint8), 10)])
    assert (np.rint(points) < shape[::-1]).all()


class Dots(torch.nn.Module):
    """A network with one parameter, so that it has a device."""

    def __init__(self) -> None:
        super().__init__()
        self.one = torch.nn.Parameter(torch.ones(1))


def test_the_strongest_points_come_first_and_equal_ones_in_their_order(monkeypatch):
    """Strengths 1, 3, 2, 3 at x = 0 to 3."""
    places = torch.tensor([[0.0, 0], [1, 0], [2, 0], [3, 0]])
    found = local_detectors.Points(places, torch.tensor([1.0, 3, 2, 3]), torch.eye(4))
    monkeypatch.setattr(local_detectors, "load_network", lambda *_: Dots())
    monkeypatch.setitem(local_detectors.DETECTORS, "disk", (Dots, lambda *_: found))
    detector = LocalDetector("disk", "pretrained")
    mask = np.full((32, 32), 255, np.uint8)
    mask[0, 2] = 0
    ((points, descriptors),) = detector.detect(np.zeros((32, 32, 3), np.uint8), [(mask, 9)])
    assert points[:, 0].tolist() == [1, 3, 0]
    assert descriptors.argmax(axis=1).tolist() == [1, 3, 0]


def test_distances_survive_the_bytes():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 128))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    stored = local_detectors.to_bytes(vectors)
    true = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    from_stored = np.linalg.norm(stored[:, None].astype(float) - stored, axis=2)
    assert from_stored / local_detectors.LEVELS == pytest.approx(true, abs=0.02)
    back = local_detectors.from_bytes(stored)
    assert back == pytest.approx(vectors, abs=0.5 / local_detectors.LEVELS)


@pytest.mark.fault("params", "a file with the weights of another local detector", "refused")
def test_weights_of_another_network_are_refused(tmp_path):
    file = random_weights.write(Dots(), tmp_path / "dots.safetensors")
    with pytest.raises(UserError, match="keypoints.weights: weights of another network"):
        local_detectors.load_network("xfeat", file)
    with pytest.raises(UserError, match="keypoints.weights: there is no file"):
        local_detectors.load_network("xfeat", str(tmp_path / "gone.pth"))
