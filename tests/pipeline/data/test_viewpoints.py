"""Two known and different viewpoints are never compared, an unknown one with all."""

import numpy as np
import pandas as pd

from pipeline.data import viewpoints

VIEWPOINTS = {"a": "left", "b": "right", "c": "left", "q": "left", "r": "right"}


def test_images_of_an_unknown_viewpoint_are_comparable_with_all():
    images = pd.Series(["a", "b", "c", "d"])
    expected = {"left": ["b"], "right": ["a", "c"]}
    assert viewpoints.group_incomparable(images, VIEWPOINTS) == expected
    assert viewpoints.group_incomparable(images, {}) == {}


def test_every_query_is_in_one_part():
    queries, gallery = pd.Series(["q", "x", "r", "a"]), pd.Series(["a", "b", "d"])
    parts = {
        tuple(own): other.tolist()
        for own, other in viewpoints.split_comparable(queries, gallery, VIEWPOINTS)
    }
    assert parts == {
        (False, True, False, False): [True, True, True],
        (True, False, False, True): [True, False, True],
        (False, False, True, False): [False, True, True],
    }


def test_without_known_viewpoints_all_are_compared_with_all():
    queries, gallery = pd.Series(["q", "r"]), pd.Series(["a"])
    ((own, other),) = viewpoints.split_comparable(queries, gallery, {})
    assert np.all(own) and np.all(other)


def test_identities_are_comparable_with_the_viewpoints_of_their_photographs():
    gallery = pd.DataFrame({"image": ["a", "b", "d"], "identity": ["x", "x", "y"]})
    of_x = {("left", "x"), ("right", "x"), ("", "x")}
    of_y = {("left", "y"), ("right", "y"), ("", "y")}  # of an unknown viewpoint
    assert viewpoints.comparable_pairs(gallery, VIEWPOINTS) == of_x | of_y
    assert viewpoints.comparable_pairs(gallery[:1], VIEWPOINTS) == {("left", "x"), ("", "x")}
    assert viewpoints.comparable_pairs(gallery, {}) == {("", "x"), ("", "y")}
