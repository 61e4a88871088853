"""Two known and different viewpoints are never compared, an unknown one with all."""

import numpy as np
import pandas as pd

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
