"""Two known and different viewpoints are never compared, an unknown one with all."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data import viewpoints

VIEWPOINTS = {"a": "left", "b": "right", "c": "left", "q": "left", "r": "right"}


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


@pytest.mark.parametrize(
    ("word", "comparable"),
    [
        ("", [True, True, True, True, True]),
        ("left", [True, True, False, True, True]),
        ("left@lynx", [True, True, False, True, False]),
        ("@lynx", [True, True, True, True, False]),
        ("@newt", [True, True, True, False, True]),
    ],
)
def test_two_species_are_never_compared(word, comparable):
    others = np.array(["", "left", "right", "@lynx", "left@newt"], dtype=object)
    assert viewpoints.are_comparable(word, others).tolist() == comparable
    assert viewpoints.join("left", "lynx") == "left@lynx" and viewpoints.join("left", "") == "left"
