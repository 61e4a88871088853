"""Given boxes and masks: read with checks."""

import numpy as np
import pytest

from pipeline.steps.crop import given
from pipeline.system.errors import UserError
from tests.pipeline.steps.crop import synthetic


@pytest.fixture
def table(tmp_path):
    return synthetic.competition(tmp_path, [synthetic.ellipse(), synthetic.ellipse()], given=1)


def test_nothing_given(tmp_path, table):
    known = given.read_given(tmp_path / "elsewhere", table, "Image")
    assert (known.boxes, known.masks) == ({}, {})


def test_boxes_and_masks_by_name(tmp_path, table):
    (tmp_path / "boxes.csv").write_text("Photo,x0,y0,x1,y1\n1.png,1,2,3,4\nother.png,1,2,3,4\n")
    known = given.read_given(tmp_path, table, "Photo")
    assert known.boxes == {"1.png": (1, 2, 3, 4)}
    assert known.masks == {"0.png": tmp_path / "masks/0.png"}


def test_a_box_is_clipped_to_its_photograph(tmp_path, table):
    (tmp_path / "boxes.csv").write_text("Image,x0,y0,x1,y1\n0.png,-5,10.4,500,80.6\n")
    assert given.read_given(tmp_path, table, "Image").boxes == {"0.png": (0, 10, 120, 80)}


@pytest.mark.parametrize("corners", ["10,10,10,20", "130,10,140,20", "30,10,20,20"])
def test_a_box_without_a_pixel_is_refused(tmp_path, table, corners):
    (tmp_path / "boxes.csv").write_text(f"Image,x0,y0,x1,y1\n0.png,{corners}\n")
    with pytest.raises(ValueError, match=r"boxes\.csv, row 2: 0\.png.*120 x 80.*exclusive"):
        given.read_given(tmp_path, table, "Image")


def test_a_box_that_is_no_number_is_refused(tmp_path, table):
    (tmp_path / "boxes.csv").write_text("Image,x0,y0,x1,y1\n0.png,a,1,2,\n")
    with pytest.raises(ValueError, match="not four numbers"):
        given.read_given(tmp_path, table, "Image")


def test_a_missing_column_is_named(tmp_path, table):
    (tmp_path / "boxes.csv").write_text("Image,x0,y0,x1\n0.png,1,2,3\n")
    with pytest.raises(ValueError, match="row 1: columns are Image, x0, y0, x1; .* no y1"):
        given.read_given(tmp_path, table, "Image")


def test_two_photographs_cannot_share_a_mask(tmp_path, table):
    table.loc[1, "image"] = "0.jpg"
    with pytest.raises(ValueError, match=r"0\.png: the mask of \['0\.png', '0\.jpg'\]"):
        given.read_given(tmp_path, table, "Image")


def test_a_mask_that_can_not_be_used_is_refused_with_its_file(tmp_path):
    path = tmp_path / "m.png"
    synthetic.save(path, np.array([[0, 1], [1, 0]], np.uint8))
    assert given.read_mask(path, 2, 2).tolist() == [[0, 255], [255, 0]]
    synthetic.save(path, np.zeros((2, 2), np.uint8))
    with pytest.raises(UserError, match=r"m\.png: every pixel is 0.*delete the mask"):
        given.read_mask(path, 2, 2)
    with pytest.raises(UserError, match=r"m\.png: 2 x 2, its image is 30 x 20: scale the mask"):
        given.read_mask(path, 30, 20)
