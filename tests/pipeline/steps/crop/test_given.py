"""Given boxes and masks, as the stage `competition` has checked them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.data import tables
from pipeline.steps.crop import given
from pipeline.system.errors import UserError
from tests.pipeline.steps.crop import synthetic


def test_boxes_and_masks_by_image():
    boxes = pd.DataFrame([("1.png", 1, 2, 3, 4)], columns=tables.COLUMNS["given_boxes"])
    masks = pd.DataFrame([("0.png", "masks/0.png", "ab")], columns=tables.COLUMNS["given_masks"])
    known = given.build_given(boxes, masks)
    assert known.boxes == {"1.png": (1, 2, 3, 4)} and known.masks == {"0.png": Path("masks/0.png")}
    assert given.build_given(boxes[:0], masks[:0]) == given.Given({}, {})


def test_a_mask_that_can_not_be_used_is_refused_with_its_file(tmp_path):
    path = tmp_path / "m.png"
    synthetic.save(path, np.array([[0, 1], [1, 0]], np.uint8))
    assert given.read_mask(path, 2, 2).tolist() == [[0, 255], [255, 0]]
    synthetic.save(path, np.zeros((2, 2), np.uint8))
    with pytest.raises(UserError, match=r"m\.png: every pixel is 0.*delete the mask"):
        given.read_mask(path, 2, 2)
    with pytest.raises(UserError, match=r"m\.png: 2 x 2, its image is 30 x 20: scale the mask"):
        given.read_mask(path, 30, 20)
