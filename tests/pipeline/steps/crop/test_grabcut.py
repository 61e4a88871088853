"""Masks without training."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pipeline.steps.crop import grabcut
from tests.pipeline.steps.crop import synthetic


def find_masks(photographs, boxes):
    with ThreadPoolExecutor(2) as pool:
        return grabcut.find_masks(photographs, boxes, pool)


TRUTH = synthetic.ellipse(size=(300, 200), centre=(150, 100), axes=(90, 50))
PHOTOGRAPH = synthetic.photograph(TRUTH)


def test_it_finds_a_plain_ellipse():
    (mask,) = find_masks([PHOTOGRAPH], [None])
    assert set(np.unique(mask)) == {0, 255}
    assert synthetic.iou(mask, TRUTH) > 0.9


def test_nothing_is_found_outside_the_given_box():
    (mask,) = find_masks([PHOTOGRAPH], [(100, 20, 200, 180)])
    rows, columns = np.nonzero(mask)
    assert columns.min() >= 100 and columns.max() < 200
    assert rows.min() >= 20 and rows.max() < 180


def test_a_tiny_photograph_has_no_mask():
    assert find_masks([PHOTOGRAPH[:3, :3]], [None]) == [None]


def test_a_box_as_large_as_the_photograph_leaves_no_background():
    assert find_masks([PHOTOGRAPH], [(0, 0, 300, 200)]) == [None]


def test_it_is_repeatable():
    noise = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    pictures = [PHOTOGRAPH, noise] * 4
    first, second = (find_masks(pictures, [None] * 8) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
