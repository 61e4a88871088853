"""Photographs are cut out and packed."""

import cv2
import numpy as np
import pytest

from pipeline.data import pixels_in_flight, tables, warping
from pipeline.data.pixels_in_flight import IN_FLIGHT
from pipeline.steps.crop import boxes, pack
from pipeline.steps.crop.given import Given
from pipeline.steps.crop.locate import locate
from pipeline.system.errors import UserError
from tests.pipeline.steps.crop import synthetic


def find_no_masks(photographs, given_boxes, pool):
    return [None] * len(photographs)


def cut(photograph, box, mask=None, padding=0.0, width=40, height=20):
    settings = synthetic.SETTINGS.model_copy(update={"padding": padding})
    location = locate(photograph.shape[:2], box, mask, "mask", settings)
    matrix = boxes.transform(location.frame, width, height)
    return pack.warp_crop(photograph, location.mask, matrix, width, height)


def test_a_box_of_the_crops_size_is_copied():
    photograph = synthetic.photograph(synthetic.ellipse())
    crop = cut(photograph, (10, 30, 50, 50))
    assert np.array_equal(crop[..., :3], photograph[30:50, 10:50])
    assert (crop[..., 3] == 255).all()


def test_halving_averages_two_by_two():
    photograph = np.zeros((4, 8, 3), np.uint8)
    photograph[::2, ::2] = 200
    crop = cut(photograph, (0, 0, 8, 4), width=4, height=2)
    assert (crop[..., :3] == 50).all()


def test_outside_the_photograph_its_border_is_repeated_and_the_mask_is_0():
    photograph = np.full((20, 20, 3), 90, np.uint8)
    photograph[:, 0] = 7
    mask = np.full((20, 20), 255, np.uint8)
    crop = cut(photograph, (0, 0, 20, 20), mask, padding=0.5, width=40, height=40)
    assert (crop[:, :10, :3] == 7).all() and (crop[:, 12:, :3] == 90).all()
    assert (crop[10:30, 10:30, 3] == 255).all() and crop[..., 3].sum() == 255 * 20 * 20


def test_a_mask_stays_black_and_white():
    mask = synthetic.ellipse(degrees=17)
    crop = cut(synthetic.photograph(mask), (13, 17, 101, 66), mask)
    assert set(np.unique(crop[..., 3])) == {0, 255}


def test_shrinking_first_agrees_with_a_plain_warp():
    smooth = cv2.GaussianBlur(synthetic.photograph(synthetic.ellipse()), (0, 0), 5)
    frame = boxes.Frame(60, 40, 100, 60, angle=0.3)
    matrix = boxes.transform(frame, 40, 20)
    plain = cv2.warpAffine(smooth, matrix, (40, 20), borderMode=cv2.BORDER_REPLICATE)
    shrunk = warping.warp(smooth, matrix, 40, 20, cv2.BORDER_REPLICATE)
    assert np.abs(shrunk.astype(int) - plain).max() <= 4


def packed(tmp_path, table, known=None, segment=find_no_masks, settings=synthetic.SETTINGS):
    path = tmp_path / "work/crops.npy"
    rows = pack.pack(table, known or Given({}, {}), "unet", segment, settings, path)
    return rows, np.load(path)


def test_one_landscape_and_one_portrait(tmp_path):
    masks = [synthetic.ellipse(), synthetic.ellipse(size=(50, 90), centre=(25, 45), axes=(9, 30))]
    table = synthetic.competition(tmp_path, masks, given=2)
    known = Given({}, {"0.png": tmp_path / "masks/0.png", "1.png": tmp_path / "masks/1.png"})
    rows, crops = packed(tmp_path, table, known)
    assert crops.shape == (2, 20, 40, 4) and crops.dtype == np.uint8
    assert rows["image"].tolist() == ["0.png", "1.png"]
    assert rows["source"].tolist() == ["mask", "mask"]
    assert rows.loc[1, ["x0", "y0", "x1", "y1"]].tolist() == list(boxes.mask_box(masks[1]))
    # an ellipse fills pi / 4 of its box, however it is stretched
    assert (crops[..., 3] > 0).mean(axis=(1, 2)) == pytest.approx([np.pi / 4] * 2, abs=0.03)


def test_a_single_photograph(tmp_path):
    rows, crops = packed(tmp_path, synthetic.competition(tmp_path, [synthetic.ellipse()], given=0))
    assert rows["source"].tolist() == ["whole"]
    assert crops.shape == (1, 20, 40, 4) and (crops[..., 3] == 255).all()


def test_more_than_a_chunk_keeps_its_order(tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "CHUNK", 2)
    table = synthetic.competition(tmp_path, synthetic.scattered(5), given=0)
    _, crops = packed(tmp_path, table)
    for i, crop in enumerate(crops):
        photograph = synthetic.photograph(synthetic.scattered(5)[i], i)
        assert np.array_equal(crop, cut(photograph, None))


@pytest.mark.fault(
    "annotations",
    "a mask without an animal, when it comes to be used",
    "refused with its file; no guess takes its place",
)
def test_an_empty_given_mask_is_refused(tmp_path):
    table = synthetic.competition(tmp_path, [synthetic.ellipse()], given=0)
    synthetic.save(tmp_path / "masks/0.png", np.zeros((80, 120), np.uint8))
    known = Given({}, {"0.png": tmp_path / "masks/0.png"})
    with pytest.raises(UserError, match=r"masks/0\.png: every pixel is 0"):
        packed(tmp_path, table, known)


@pytest.mark.fault(
    "photographs",
    "photographs of many megapixels in the stage `crop`",
    "held in memory as far as their pixels have room together, with the same crops",
)
def test_large_photographs_are_held_in_smaller_numbers(tmp_path, monkeypatch):
    table = synthetic.competition(tmp_path, synthetic.scattered(5), given=0)
    rows, crops = packed(tmp_path, table)
    together = []

    def segment(photographs, given_boxes, pool):
        together.append((len(photographs), IN_FLIGHT.held))
        return find_no_masks(photographs, given_boxes, pool)

    monkeypatch.setattr(pixels_in_flight, "MAX_PIXELS", pack.RUNS * 2 * 120 * 80)
    again, fewer = packed(tmp_path, table, segment=segment)
    assert sorted(count for count, _ in together) == [1, 2, 2]
    assert all(count * 120 * 80 <= held <= 4 * 120 * 80 for count, held in together)
    assert IN_FLIGHT.held == 0
    assert again.equals(rows) and np.array_equal(fewer, crops)


def test_an_interrupted_array_is_not_left_under_its_name(tmp_path):
    table = synthetic.competition(tmp_path, synthetic.scattered(3), given=0)
    (tmp_path / "train/2.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="2.png"):
        packed(tmp_path, table)
    assert list((tmp_path / "work").iterdir()) == []


def test_a_full_disk_is_reported_before_writing(tmp_path):
    with pytest.raises(UserError, match=r"crops\.npy needs .* GB .* free.*crop\.height"):
        pack.check_space(tmp_path / "crops.npy", 10**18)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_file_is_what_numpy_would_save(tmp_path, count):
    settings = synthetic.SETTINGS.model_copy(update={"height": 4, "width": 6})
    drawn = np.random.default_rng(0).integers(0, 255, (count, 4, 6, 4), np.uint8)
    row = [""] * len(tables.COLUMNS["boxes"])
    found = ((np.asfortranarray(crop), row) for crop in drawn)
    assert len(pack.save(found, count, settings, tmp_path / "crops.npy")) == count
    np.save(tmp_path / "expected.npy", drawn)
    assert (tmp_path / "crops.npy").read_bytes() == (tmp_path / "expected.npy").read_bytes()
