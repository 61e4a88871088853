import numpy as np
import pandas as pd

from pipeline.data import features
from pipeline.steps.match.tabulate import POINT_COLUMNS
from pipeline.steps.report import best_matches

ANSWERS = pd.DataFrame({"query": ["q"] * 4, "identity": ["a", "b", "c", "new_whale"]})
PAIRS = pd.DataFrame(
    [("q", "a", "a0", 3.0, False), ("q", "a", "a1", 7.0, False), ("q", "a", "a2", 9.0, True)]
    + [("q", "b", "b0", 0.0, False), ("q", "z", "z0", 50.0, False)],
    columns=["query", "identity", "image", "inliers", "random"],
)
NEAR = pd.DataFrame(
    [("q", "a", "a0", 0.9), ("q", "b", "b0", 0.2), ("q", "b", "b1", 0.4), ("q", "b", "b1", 0.1)],
    columns=["query", "identity", "image", "similarity"],
)


def select(pairs: pd.DataFrame = PAIRS, near: pd.DataFrame = NEAR) -> dict[str, str]:
    matches = best_matches.select_best_matches(ANSWERS, pairs, near)
    return dict(zip(matches["identity"], matches["image"], strict=True))


def test_the_best_match_has_the_most_inliers_or_else_is_the_nearest():
    """A randomly sampled pair does not count; c was compared with nothing."""
    assert select() == {"a": "a1", "b": "b1"}
    assert select(pairs=PAIRS[:0]) == {"a": "a0", "b": "b1"}
    assert select(near=NEAR[:0]) == {"a": "a1", "b": "b0"}


def test_a_pair_of_two_folds_counts_once():
    matches = best_matches.select_best_matches(ANSWERS, pd.concat([PAIRS, PAIRS]), NEAR)
    assert len(matches) == 2 and matches["inliers"][0] == 7
    assert np.isnan(matches["inliers"][1])  # b1 is near, but its keypoints were not compared


def make_points(count: int) -> pd.DataFrame:
    """Points from the middle of q's canvas to the corner of a1's, the first the least clear."""
    rows = [("q", "a1", i, 0.5, 0.5, 0.0, 1.0, 0.1, 1 - i / 100) for i in range(count)]
    return pd.DataFrame(rows, columns=POINT_COLUMNS)


def build_match_lines(points: pd.DataFrame) -> dict:
    """q's canvas is its photograph of 200 x 100; a1's is the right half of one of that size."""
    none = np.empty((0, 2), np.float32), np.empty((0, 8), np.uint8), 0
    right = np.array([[1.0, 0, -100], [0, 1, 0]])
    both = [(*none, np.eye(2, 3), (200, 100)), (*none, right, (100, 100))]
    sizes = pd.DataFrame({"width": 200, "height": 100}, index=["q", "a1"])
    matches = pd.DataFrame({"query": ["q"], "image": ["a1"]})
    joined = features.join(["q", "a1"], both)
    canvases = features.Canvases(joined.names, joined.canvases, joined.sizes)
    return best_matches.build_match_lines(matches, points, canvases, sizes)


def test_lines_are_in_thousandths_of_the_photographs():
    """(100, 50) of 200 x 100 is the middle, but for half a pixel; the corner is at (100, 100)."""
    assert build_match_lines(make_points(1)) == {("q", "a1"): [502, 505, 502, 1000]}


def test_the_clearest_lines_are_drawn_once():
    twice = pd.concat([make_points(best_matches.MAX_LINES + 5)] * 2)
    (numbers,) = build_match_lines(twice).values()
    assert len(numbers) == 4 * best_matches.MAX_LINES
    assert build_match_lines(make_points(0)) == {}
