"""What four numbers mean is found if it is certain, and asked for if it is not."""

import numpy as np
import pytest

from pipeline.exchange.box_convention import find_convention, to_box
from pipeline.exchange.boxes import Convention, FoundBox
from pipeline.system.errors import UserError

CERTAIN = [
    # 0.6 + 0.7 is beyond the photograph
    ([[0.6, 0.1, 0.7, 0.4], [0.1, 0.1, 0.3, 0.3]], Convention.corners),
    # a right edge of 0.2 would be left of 0.5
    ([[0.5, 0.5, 0.2, 0.3], [0.1, 0.1, 0.3, 0.3]], Convention.size),
    # pixels: no side says whether it ends outside
    ([[900.0, 40.0, 80.0, 60.0]], Convention.size),
    # rounded to three digits
    ([[0.334, 0.5, 0.667, 0.5]], Convention.size),
]


@pytest.mark.parametrize("boxes, expected", CERTAIN)
def test_one_impossible_box_decides_for_all(boxes, expected):
    assert find_convention("md.json", np.array(boxes), None) == expected


@pytest.mark.parametrize(
    "boxes, reason",
    [
        ([[0.1, 0.1, 0.3, 0.3]], "both fit"),
        ([[10.0, 10.0, 300.0, 300.0]], "both fit"),
        ([[0.5, 0.5, 0.2, 0.3], [0.6, 0.1, 0.7, 0.4]], "neither fits"),
    ],
)
def test_what_is_not_certain_is_asked_for(boxes, reason):
    with pytest.raises(UserError, match=rf"md\.json: .*--boxes size.*--boxes corners.*{reason}"):
        find_convention("md.json", np.array(boxes), None)


def test_the_answer_of_the_user_counts_unless_it_is_impossible():
    boxes = np.array([[0.1, 0.1, 0.3, 0.3]])
    assert find_convention("md.json", boxes, Convention.corners) == Convention.corners
    with pytest.raises(UserError, match=r"do not fit --boxes corners: \[0.5, 0.5"):
        find_convention("md.json", np.array([[0.5, 0.5, 0.2, 0.3]]), Convention.corners)


def test_what_a_layout_documents_of_pixels_counts_if_it_is_possible():
    both, size = np.array([[10.0, 10, 300, 300]]), np.array([[90.0, 10, 30, 300]])
    assert find_convention("md.json", both, None, Convention.corners) == Convention.corners
    assert find_convention("md.json", size, None, Convention.corners) == Convention.size
    with pytest.raises(UserError, match="both fit"):  # fractions are not what it documents
        find_convention("md.json", both / 1000, None, Convention.corners)


def test_no_box_is_no_question():
    assert find_convention("md.json", np.empty((0, 4)), None) == Convention.size


def test_both_kinds_of_one_box_are_the_same_pixels():
    size = to_box([0.1, 0.2, 0.3, 0.4], Convention.size, True, 0.9)
    corners = to_box([10, 40, 40, 120], Convention.corners, False, 0.9)
    assert size.to_pixels(100, 200) == corners.to_pixels(100, 200) == (10, 40, 40, 120)


def test_pixels_that_are_touched_count_and_those_outside_do_not():
    assert FoundBox(10.4, 10.6, 20.2, 20.0, relative=False).to_pixels(100, 15) == (10, 10, 21, 15)


def test_a_box_outside_of_its_photograph_is_a_fault():
    with pytest.raises(ValueError, match="has none of its 50 x 50 pixels"):
        FoundBox(60, 10, 70, 20, relative=False).to_pixels(50, 50)
