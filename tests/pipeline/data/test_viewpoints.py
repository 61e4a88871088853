import numpy as np
import pandas as pd

from pipeline.data import viewpoints

SIDE = {"a": "left", "b": "right", "c": "left", "q": "left", "r": "right"}


def test_other_sides_are_hidden_and_unknown_ones_are_not():
    images = pd.Series(["a", "b", "c", "d"])
    assert viewpoints.hidden(images, SIDE) == {"left": ["b"], "right": ["a", "c"]}
    assert viewpoints.hidden(images, {}) == {}


def test_every_query_is_in_one_part():
    queries, shown = pd.Series(["q", "x", "r", "a"]), pd.Series(["a", "b", "d"])
    parts = {tuple(asked): own.tolist() for asked, own in viewpoints.parted(queries, shown, SIDE)}
    assert parts == {
        (False, True, False, False): [True, True, True],
        (True, False, False, True): [True, False, True],
        (False, False, True, False): [False, True, True],
    }


def test_without_a_known_side_all_are_compared_with_all():
    ((asked, shown),) = viewpoints.parted(pd.Series(["q", "r"]), pd.Series(["a"]), {})
    assert np.all(asked) and np.all(shown)


def test_who_can_be_found_from_which_side():
    gallery = pd.DataFrame({"image": ["a", "b", "d"], "identity": ["x", "x", "y"]})
    known = {("left", "x"), ("right", "x"), ("", "x")}
    assert viewpoints.comparable(gallery, SIDE) == known | {
        ("left", "y"),
        ("right", "y"),
        ("", "y"),
    }
    assert viewpoints.comparable(gallery[:1], SIDE) == {("left", "x"), ("", "x")}
    assert viewpoints.comparable(gallery, {}) == {("", "x"), ("", "y")}
