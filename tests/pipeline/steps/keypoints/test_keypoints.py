"""The features of several photographs, and their file."""

import cv2
import numpy as np
import pytest

from pipeline import params
from pipeline.data.features import Features
from pipeline.steps.keypoints import keypoints
from pipeline.system.errors import UserError
from tests.conftest import ROOT
from tests.pipeline.data import synthetic_features

SECTION = params.load(ROOT / "tests/params.yaml").keypoints.model_copy(
    update={"size": 160, "padding": 0.0, "count": 20}
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("photographs")


@pytest.fixture(scope="module")
def table(folder):
    return synthetic_features.images(folder, {0: 2, 1: 1})


def test_each_photograph_has_its_rows(table, folder):
    boxes = synthetic_features.whole(table, folder / "crops.npy")
    found = keypoints.extract(table, boxes, folder / "crops.npy", SECTION)
    assert found.names.tolist() == table["image"].tolist()
    assert found.starts.tolist() == [0, 20, 40, 60]
    assert found.points.shape == (60, 2) and found.descriptors.shape == (60, 128)
    alone = keypoints.extract(table[1:2], boxes[1:2], folder / "crops.npy", SECTION)
    assert np.array_equal(alone.descriptors, found.descriptors[found.rows(1)])
    assert found.sizes.tolist() == [[160, 120]] * 3
    np.testing.assert_allclose(found.canvases[0], [[1, 0, 0], [0, 1, 0]], atol=1e-9)


def test_points_lie_inside_the_mask_and_an_empty_mask_gives_none(table, folder):
    masks = np.zeros((3, 60, 80), np.uint8)
    masks[:2, :, 40:] = 255  # the right half; the third mask is empty
    boxes = synthetic_features.whole(table, folder / "masked.npy", masks)
    found = keypoints.extract(table, boxes, folder / "masked.npy", SECTION)
    assert found.sizes.tolist() == [[107, 160]] * 2 + [[160, 120]]  # at the mask's proportions
    assert np.diff(found.starts)[:2].all() and found.starts[3] == found.starts[2]
    back = cv2.invertAffineTransform(found.canvases[0])
    points = found.points[found.rows(0)] @ back[:, :2].T + back[:, 2]
    assert (points[:, 0] >= 79).all() and (points[:, 1] > 60).any()


def test_background_points_are_stored_apart(table, folder):
    masks = np.zeros((3, 60, 80), np.uint8)
    masks[:, :, 40:] = 255  # the right half
    boxes = synthetic_features.whole(table, folder / "half.npy", masks)
    wide = {"padding": 1.0, "around": 10}
    section = SECTION.model_copy(update=wide)
    found = keypoints.extract(table, boxes, folder / "half.npy", section)
    without = keypoints.extract(
        table, boxes, folder / "half.npy", section.model_copy(update={"around": 0})
    )
    assert np.array_equal(found.points[found.rows(0)], without.points[without.rows(0)])
    assert found.ends.tolist() == [20, 50, 80] and found.starts.tolist() == [0, 30, 60, 90]
    assert without.ends.tolist() == without.starts[1:].tolist()
    half = found.sizes[0][0] / 2  # the padding reaches as far as the crop
    assert (found.points[found.rows(1)][:, 0] > half - 1).all()
    assert (found.points[found.background_rows(1)][:, 0] < half - keypoints.DILATION // 2).all()
    alone = keypoints.extract(table[1:2], boxes[1:2], folder / "half.npy", section)
    assert all(np.array_equal(a, b) for a, b in zip(alone.of(0), found.of(1), strict=True))


def test_a_saved_file_loads_unchanged(table, folder):
    boxes = synthetic_features.whole(table, folder / "crops.npy")
    found = keypoints.extract(table, boxes, folder / "crops.npy", SECTION)
    found.save(folder / "features.npz")
    again = Features.load(folder / "features.npz")
    for name in Features.__dataclass_fields__:
        assert np.array_equal(getattr(found, name), getattr(again, name)), name


def test_a_disabled_step_gives_no_features(table, folder):
    off = SECTION.model_copy(update={"enabled": False})
    found = keypoints.extract(table, None, None, off)
    found.save(folder / "nothing.npz")
    assert not len(Features.load(folder / "nothing.npz").names)


def test_a_missing_file_is_named(table, folder):
    boxes = synthetic_features.whole(table, folder / "crops.npy")
    gone = table.assign(path=str(folder / "gone.png"))
    with pytest.raises(ValueError, match="gone.png: can't be opened"):
        keypoints.extract(gone, boxes, folder / "crops.npy", SECTION)


@pytest.mark.fault("params", "a contrast that finds no local feature", "refused by `keypoints`")
def test_without_any_local_feature_the_stage_says_so(table, folder):
    boxes = synthetic_features.whole(table, folder / "crops.npy")
    none = SECTION.model_copy(update={"contrast": 10.0})
    found = keypoints.extract(table, boxes, folder / "crops.npy", none)
    with pytest.raises(UserError, match="no photograph has a local feature: lower keypoints.con"):
        keypoints.check_found(found, none)
    keypoints.check_found(found, none.model_copy(update={"enabled": False}))
