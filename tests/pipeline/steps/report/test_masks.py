import base64

import cv2
import numpy as np
import pytest

from pipeline.data import held_out_masks
from pipeline.data.held_out_masks import HeldOutMasks
from pipeline.steps.report import masks


def make_masks() -> HeldOutMasks:
    """Two photographs, 60 x 30 each as a square of 30.

    The first mask lies left of the predicted one; of the second, nothing was predicted.
    """
    pictures = np.zeros((2, 30, 30, 5), np.uint8)
    pictures[:, 5:25, 5:15, 3] = 255
    pictures[0, 5:25, 15:25, 4] = 255
    return HeldOutMasks(
        np.array(["a", "b", "c"]), np.array([0, 0.25, 0.5]), np.array([0, 0.5, 1]), pictures, "mask"
    )


def test_the_means_count_all_masks_and_the_pictures_are_the_worst():
    entry = masks.list_worst_masks(make_masks(), {"a": (60, 30), "b": (60, 30)})
    pictures = entry.pop("p")
    assert entry == {"n": 3, "m": 0.25, "b": 0.5, "source": "mask"}
    assert [(entry["q"], entry["m"], entry["b"]) for entry in pictures] == [
        ("a", 0, 0),
        ("b", 0.25, 0.5),
    ]


def test_both_outlines_lie_at_the_masks():
    data = np.frombuffer(
        base64.b64decode(masks.encode_picture(make_masks().pictures[0], (60, 30))), np.uint8
    )
    picture = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB).astype(int)
    assert picture.shape == (160, 320, 3)
    magenta = (picture[..., 0] > 150) & (picture[..., 1] < 110)
    green = (picture[..., 1] > 150) & (picture[..., 0] < 110)
    columns = [np.flatnonzero(mask.any(axis=0)) for mask in (magenta, green)]
    # a sixth to a half of the width, and a half to five sixths
    assert columns[0].min() == pytest.approx(320 / 6, abs=3) and columns[0].max() < 160 + 3
    assert columns[1].min() > 160 - 3 and columns[1].max() == pytest.approx(320 * 5 / 6, abs=3)


def test_an_empty_mask_has_no_outline():
    picture = np.zeros((40, 40, 3), np.uint8)
    masks.draw_mask(picture, np.zeros((40, 40), np.uint8), masks.PREDICTED)
    assert not picture.any()


def test_without_held_out_masks_there_is_no_picture():
    assert masks.list_worst_masks(held_out_masks.build_empty(), {})["p"] == []
