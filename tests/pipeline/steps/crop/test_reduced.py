"""Photographs that are decoded at a fraction of their size."""

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline.data import images, tables
from pipeline.steps.crop import boxes, pack, reduced
from pipeline.steps.crop.given import Given
from pipeline.steps.crop.reduced import Reduced
from tests.pipeline.steps.crop import synthetic
from tests.pipeline.steps.crop.test_pack import find_no_masks

# 803 x 601 pixels, in which a crop of 40 x 20 is reduced by 4 (160 x 80 are left of a photograph)
WIDTH, HEIGHT = 803, 601
TRUTH = synthetic.ellipse((WIDTH, HEIGHT), (400, 300), (240, 90), 20)
PHOTOGRAPH = cv2.GaussianBlur(synthetic.photograph(TRUTH), (0, 0), 3)


def pack_one(folder, mask, settings=synthetic.SETTINGS, suffix="jpg", box=None):
    synthetic.save(folder / f"a.{suffix}", PHOTOGRAPH)
    synthetic.save(folder / "mask.png", mask)
    table = pd.DataFrame(
        [["a", "train", "x", str(folder / f"a.{suffix}"), WIDTH, HEIGHT, 0, ""]],
        columns=tables.COLUMNS["images"],
    )
    known = Given({} if box is None else {"a": box}, {"a": folder / "mask.png"})
    out = folder / "crops.npy"
    rows = pack.pack(table, known, "unet", find_no_masks, settings, out)
    return rows.iloc[0], np.load(out)[0]


def corners(row):
    return row[["x0", "y0", "x1", "y1"]].tolist()


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("changes", [{}, {"align": "axis"}, {"frame": "photograph"}])
def test_the_crop_is_that_of_the_whole_photograph(tmp_path, monkeypatch, suffix, changes):
    settings = synthetic.SETTINGS.model_copy(update=changes)
    row, crop = pack_one(tmp_path, TRUTH, settings, suffix)
    monkeypatch.setattr(images, "REDUCED", {1: cv2.IMREAD_COLOR})
    expected_row, expected = pack_one(tmp_path, TRUTH, settings, suffix)
    assert np.abs(np.subtract(corners(row), corners(expected_row))).max() <= 4
    assert np.abs(crop[..., :3].astype(int) - expected[..., :3]).mean() < 2.5
    assert synthetic.iou(crop[..., 3], expected[..., 3]) > 0.97
    # the transform is from pixels of the file: it maps its middle to the same place
    middle = [WIDTH / 2, HEIGHT / 2, 1]
    matrix, other = (r[tables.TRANSFORM].to_numpy(float).reshape(2, 3) for r in (row, expected_row))
    assert np.abs((matrix - other) @ middle).max() < 0.5


def test_a_small_animal_is_cut_out_of_the_whole_photograph(tmp_path):
    """40 x 16 pixels, of which a reduced photograph would have 10 x 4."""
    small = synthetic.ellipse((WIDTH, HEIGHT), (400, 300), (20, 8))
    row, crop = pack_one(tmp_path, small)
    matrix = row[tables.TRANSFORM].to_numpy(float).reshape(2, 3)
    whole = images.read_rgb(tmp_path / "a.jpg")
    expected = cv2.warpAffine(whole, matrix, (40, 20), borderMode=cv2.BORDER_REPLICATE)
    assert np.array_equal(crop[..., :3], expected)


def test_a_given_box_is_recorded_as_it_was_given(tmp_path):
    row, _ = pack_one(tmp_path, TRUTH, box=(101, 103, 702, 599))
    assert row["source"] == "given" and corners(row) == [101, 103, 702, 599]


def at_a_quarter(width=10, height=7):
    rgb = np.zeros((-(-height // 4), -(-width // 4), 3), np.uint8)
    return Reduced("a", "a.jpg", width, height, 4, rgb)


def test_boxes_are_reduced_and_enlarged():
    photograph = at_a_quarter()
    assert photograph.shape == (2, 3)
    assert photograph.reduce_box((3, 0, 5, 7)) == (0, 0, 2, 2)
    assert photograph.enlarge_box((0, 1, 3, 2)) == (0, 4, 10, 7)
    assert photograph.reduce_box(None) is None


def test_a_transform_is_enlarged():
    """Reduced pixel 1 is the file's 4 to 7, whose middle is 5.5."""
    shift = np.array([[1.0, 0, 10], [0, 1, 20]])
    moved = at_a_quarter().enlarge_matrix(shift) @ [5.5, 5.5, 1]
    assert moved == pytest.approx([11, 21])
    frame = boxes.upright_frame((0, 0, 2, 2))
    reduced_matrix = boxes.transform(frame, 8, 8)
    full = boxes.transform(boxes.upright_frame((0, 0, 8, 8)), 8, 8)
    assert at_a_quarter().enlarge_matrix(reduced_matrix) == pytest.approx(full)


def test_a_mask_of_two_pixels_is_not_lost(tmp_path):
    mask = np.zeros((8, 12), np.uint8)
    mask[5, 9:11] = 255
    synthetic.save(tmp_path / "mask.png", mask)
    found = at_a_quarter(12, 8).read_mask(tmp_path / "mask.png")
    assert found.tolist() == [[0, 0, 0], [0, 0, 255]]


@pytest.mark.parametrize(
    ("changes", "least"),
    [({}, (160, 80)), ({"frame": "photograph"}, (80, 40)), ({"enabled": False}, (80, 40))],
)
def test_how_much_is_left_of_a_photograph(changes, least):
    settings = synthetic.SETTINGS.model_copy(update=changes)
    assert reduced.choose_least(settings) == least
