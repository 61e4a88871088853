"""Animals cut out of photographs: their pixels, and the margin around their boxes."""

import cv2
import numpy as np
import pytest

from pipeline.exchange.boxes import FoundBox, widen
from pipeline.naming import cut_outs
from pipeline.steps.crop import grabcut
from tests.pipeline.naming.conftest import draw, write


def test_the_margin_is_what_grabcut_takes_for_background():
    """Of 200 x 100 with a border of 4 %, the rectangle inside is the box of 184 x 92."""
    x0, y0, x1, y1 = widen((108, 54, 292, 146), 400, 200, cut_outs.MARGIN)
    assert (x0, y0, x1, y1) == (100, 50, 300, 150)
    assert grabcut.scale_rectangle(None, 200, 100, (200, 100)) == (8, 4, 192, 96)


def test_the_margin_ends_at_the_photographs_edge():
    assert widen((0, 0, 184, 92), 188, 92, cut_outs.MARGIN) == (0, 0, 188, 92)


def test_a_cut_out_animal_has_the_pixels_of_its_box(tmp_path, workspace):
    write(tmp_path / "a.png", draw(0, 0))
    box = FoundBox(0.25, 0.25, 0.75, 0.75, relative=True)
    key = "ab" * 32
    assert cut_outs.cut_photograph(tmp_path / "a.png", [box], [key], workspace) == [
        (0.25, 0.25, 0.5, 0.5)
    ]
    cut = cv2.imdecode(np.fromfile(cut_outs.locate(key, workspace), np.uint8), cv2.IMREAD_COLOR)
    left, top, right, bottom = widen((30, 24, 90, 72), 120, 96, cut_outs.MARGIN)
    expected = draw(0, 0)[top:bottom, left:right]
    assert cut.shape == expected.shape
    assert np.abs(cut.astype(int) - expected).mean() < 3  # JPEG


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_box_is_turned_upright(turns):
    """A photograph turned clockwise by quarters: its box, turned alike, has the same pixels."""
    photograph = draw(0, 0)
    expected = cut_outs.cut_pixels(photograph, FoundBox(20, 16, 70, 46, relative=False))
    turned = np.ascontiguousarray(np.rot90(photograph, -turns))
    x, y = {1: (65, 45), 2: (75, 65), 3: (31, 75)}[turns]  # of (45, 31), the box's centre
    box = FoundBox(x - 25, y - 15, x + 25, y + 15, relative=False, angle=turns * np.pi / 2)
    cut = cut_outs.cut_pixels(turned, box)
    assert cut.shape == expected.shape == (34, 56, 3)
    assert np.abs(cut.astype(int) - expected).max() <= 1


def test_a_turned_box_at_the_edge_is_filled_up_with_black():
    box = FoundBox(0, 0, 40, 20, relative=False, angle=np.pi / 4)
    cut = cut_outs.cut_pixels(np.full((96, 120, 3), 200, np.uint8), box)
    assert cut.shape == (22, 44, 3) and cut.min() == 0 and cut.max() == 200


def test_a_turned_box_has_the_upright_one_around_it_as_its_place(tmp_path, workspace):
    write(tmp_path / "a.png", draw(0, 0))
    box = FoundBox(20, 40, 60, 60, relative=False, angle=np.pi / 2)  # 30 to 50, 30 to 70
    places = cut_outs.cut_photograph(tmp_path / "a.png", [box], ["cd" * 32], workspace)
    assert places == [(30 / 120, 30 / 96, 20 / 120, 40 / 96)]
