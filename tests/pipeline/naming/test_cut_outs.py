"""Animals cut out of photographs: their pixels, and the margin around their boxes."""

import cv2
import numpy as np

from pipeline.exchange.boxes import FoundBox
from pipeline.naming import cut_outs
from pipeline.steps.crop import grabcut
from tests.pipeline.naming.conftest import draw, write


def test_the_margin_is_what_grabcut_takes_for_background():
    """Of 200 x 100 with a border of 4 %, the rectangle inside is the box of 184 x 92."""
    x0, y0, x1, y1 = cut_outs.widen((108, 54, 292, 146), 400, 200)
    assert (x0, y0, x1, y1) == (100, 50, 300, 150)
    assert grabcut.scale_rectangle(None, 200, 100, (200, 100)) == (8, 4, 192, 96)


def test_the_margin_ends_at_the_photographs_edge():
    assert cut_outs.widen((0, 0, 184, 92), 188, 92) == (0, 0, 188, 92)


def test_a_cut_out_animal_has_the_pixels_of_its_box(tmp_path, workspace):
    write(tmp_path / "a.png", draw(0, 0))
    box = FoundBox(0.25, 0.25, 0.75, 0.75, relative=True)
    key = "ab" * 32
    assert cut_outs.cut_photograph(tmp_path / "a.png", [box], [key], workspace) == [
        (0.25, 0.25, 0.5, 0.5)
    ]
    cut = cv2.imdecode(np.fromfile(cut_outs.locate(key, workspace), np.uint8), cv2.IMREAD_COLOR)
    left, top, right, bottom = cut_outs.widen((30, 24, 90, 72), 120, 96)
    expected = draw(0, 0)[top:bottom, left:right]
    assert cut.shape == expected.shape
    assert np.abs(cut.astype(int) - expected).mean() < 3  # JPEG
