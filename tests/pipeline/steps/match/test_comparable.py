"""What a query is compared with, and random samples of it."""

import numpy as np
import pytest

from pipeline.steps.match.comparable import sample_without, select_comparable

IMAGES = np.array([1, 3, 4, 6])
VIEWPOINTS = np.array(["left", "", "right", "left"], dtype=object)


@pytest.mark.parametrize(
    ("viewpoint", "images"),
    [("", [1, 3, 4, 6]), ("left", [1, 3, 6]), ("right", [3, 4]), ("top", [3])],
)
def test_a_known_viewpoint_is_compared_with_itself_and_the_unknown(viewpoint, images):
    found = select_comparable(IMAGES, VIEWPOINTS, viewpoint, 8)
    assert found.images.tolist() == images
    assert np.flatnonzero(found.allowed).tolist() == images and len(found.allowed) == 8


def test_duplicates_are_left_out_of_one_query_only():
    comparable = select_comparable(IMAGES, VIEWPOINTS, "left", 8)
    found = comparable.without(np.array([6, 4]))  # 4 is of another viewpoint anyway
    assert found.images.tolist() == [1, 3] and np.flatnonzero(found.allowed).tolist() == [1, 3]
    assert comparable.images.tolist() == [1, 3, 6] and comparable.allowed[6]
    assert comparable.without(np.empty(0, int)) is comparable


@pytest.mark.parametrize("left_out", [[], [2], [2, 3, 5], [29, 31], [2, 3, 5, 7, 11, 13]])
@pytest.mark.parametrize("count", [1, 4, 20])
def test_samples_equal_those_of_the_listed_others(left_out, count):
    images = np.array([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31])
    others = np.setdiff1d(images, left_out)
    for seed in range(20):
        sample, population = sample_without(
            images, np.array(left_out, int), count, np.random.default_rng(seed)
        )
        expected = np.random.default_rng(seed).choice(others, min(count, len(others)), False)
        assert sample.tolist() == expected.tolist() and population == len(others)


def test_nothing_left_gives_an_empty_sample():
    sample, population = sample_without(IMAGES, IMAGES, 3, np.random.default_rng(0))
    assert not len(sample) and population == 0
