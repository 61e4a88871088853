import numpy as np
import pandas as pd

from pipeline.data import features
from pipeline.steps.match.match import POINT_COLUMNS
from pipeline.steps.report import arguments

WANTED = pd.DataFrame({"query": ["q"] * 4, "identity": ["a", "b", "c", "new_whale"]})
PAIRS = pd.DataFrame(
    [("q", "a", "a0", 3.0, False), ("q", "a", "a1", 7.0, False), ("q", "a", "a2", 9.0, True)]
    + [("q", "b", "b0", 0.0, False), ("q", "z", "z0", 50.0, False)],
    columns=["query", "identity", "image", "inliers", "random"],
)
NEAR = pd.DataFrame(
    [("q", "a", "a0", 0.9), ("q", "b", "b0", 0.2), ("q", "b", "b1", 0.4), ("q", "b", "b1", 0.1)],
    columns=["query", "identity", "image", "similarity"],
)


def chosen(pairs: pd.DataFrame = PAIRS, near: pd.DataFrame = NEAR) -> dict[str, str]:
    found = arguments.photographs(WANTED, pairs, near)
    return dict(zip(found["identity"], found["image"], strict=True))


def test_most_matched_points_argue_and_else_the_nearest():
    """What was drawn by lot argues for nothing; of c nothing is known."""
    assert chosen() == {"a": "a1", "b": "b1"}
    assert chosen(pairs=PAIRS[:0]) == {"a": "a0", "b": "b1"}
    assert chosen(near=NEAR[:0]) == {"a": "a1", "b": "b0"}


def test_the_same_pair_of_two_folds_is_one():
    found = arguments.photographs(WANTED, pd.concat([PAIRS, PAIRS]), NEAR)
    assert len(found) == 2 and found["inliers"][0] == 7
    assert np.isnan(found["inliers"][1])  # b1 is near, but nobody matched it


def seen(count: int) -> pd.DataFrame:
    """Points from the middle of q's canvas to the corner of a1's, the first the least clear."""
    rows = [("q", "a1", i, 0.5, 0.5, 0.0, 1.0, 0.1, 1 - i / 100) for i in range(count)]
    return pd.DataFrame(rows, columns=POINT_COLUMNS)


def lines(points: pd.DataFrame) -> dict:
    """q's canvas is its photograph of 200 x 100; a1's is the right half of one of that size."""
    none = np.empty((0, 2), np.float32), np.empty((0, 8), np.uint8), 0
    right = np.array([[1.0, 0, -100], [0, 1, 0]])
    both = [(*none, np.eye(2, 3), (200, 100)), (*none, right, (100, 100))]
    sizes = pd.DataFrame({"width": 200, "height": 100}, index=["q", "a1"])
    arguing = pd.DataFrame({"query": ["q"], "image": ["a1"]})
    return arguments.lines(arguing, points, features.joined(["q", "a1"], both), sizes)


def test_a_line_lies_on_the_photographs():
    """(100, 50) of 200 x 100 is the middle, but for half a pixel; the corner is at (100, 100)."""
    assert lines(seen(1)) == {("q", "a1"): [502, 505, 502, 1000]}


def test_the_clearest_lines_are_kept_once():
    twice = pd.concat([seen(arguments.LINES + 5)] * 2)
    (found,) = lines(twice).values()
    assert len(found) == 4 * arguments.LINES
    assert lines(seen(0)) == {}
