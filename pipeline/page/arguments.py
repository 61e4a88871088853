"""What speaks for an answer: the gallery photograph, and its matched points."""

import numpy as np
import pandas as pd

from pipeline.features import Features
from pipeline.page import outlines

LINES = 24  # matched points drawn of a pair


def photographs(wanted: pd.DataFrame, pairs: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """The photograph that argues most for each answer: query, identity, image, inliers, similarity.

    The one with the most matched points; where none has any, the nearest by embedding. Answers of
    which neither speaks are left out.

    wanted : the answers (columns query, identity)
    pairs : what was looked at (columns query, identity, image, inliers, drawn)
    near : neighbours (columns query, identity, image, similarity)
    """
    looked = pairs.loc[~pairs["drawn"].astype(bool), ["query", "identity", "image", "inliers"]]
    looked = looked.groupby(["query", "identity", "image"], as_index=False)["inliers"].max()
    close = near.groupby(["query", "identity", "image"], as_index=False)["similarity"].max()
    both = looked.merge(close, on=["query", "identity", "image"], how="outer")
    both = both.merge(wanted[["query", "identity"]].drop_duplicates(), on=["query", "identity"])
    order = ["query", "identity", "inliers", "similarity", "image"]
    both = both.assign(inliers=both["inliers"].fillna(0)).sort_values(
        order, ascending=[True, True, False, False, True]
    )
    return both.drop_duplicates(["query", "identity"])[order].reset_index(drop=True)


def lines(
    arguing: pd.DataFrame, points: pd.DataFrame, features: Features, sizes: pd.DataFrame
) -> dict[tuple[str, str], list[int]]:
    """The clearest matched points of each (query, image) as x, y, there x, there y, one after
    another, in thousandths of the two photographs.

    points : of the pairs that were looked at (`match.POINTS`); those of several folds are the same
    sizes : width and height by image
    """
    own = points.merge(arguing[["query", "image"]].drop_duplicates(), on=["query", "image"])
    own = own.drop_duplicates(["query", "image", "own"]).sort_values("clearness", kind="stable")
    own = own[own.groupby(["query", "image"]).cumcount() < LINES]
    number = {name: i for i, name in enumerate(features.names)}
    found = {}
    for (query, image), part in own.groupby(["query", "image"]):
        ends = [
            on_photograph(part[columns].to_numpy(), features, number[name], sizes.loc[name])
            for name, columns in ((query, ["x", "y"]), (image, ["there_x", "there_y"]))
        ]
        found[query, image] = np.hstack(ends).ravel().tolist()
    return found


def on_photograph(
    shares: np.ndarray, features: Features, image: int, size: pd.Series
) -> np.ndarray:
    """n x 2 shares of a photograph's canvas as thousandths of the photograph."""
    canvas = shares * features.sizes[image]
    points = outlines.before(canvas, features.canvases[image])
    flat = outlines.whole(points, int(size["width"]), int(size["height"]))
    return np.array(flat).reshape(-1, 2)
