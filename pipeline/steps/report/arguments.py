"""What speaks for an answer: the gallery photograph, and its matched points."""

import numpy as np
import pandas as pd

from pipeline.data.features import Features
from pipeline.steps.report import outlines

LINES = 24  # matched points drawn of a pair


def photographs(wanted: pd.DataFrame, pairs: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """The photograph that argues most for each answer: query, identity, image, inliers, similarity.

    The one with the most matched points; where none has any, the nearest by embedding. `inliers`
    is NaN where the two were not compared point by point. Answers of which neither speaks are left
    out.

    wanted : the answers (columns query, identity)
    pairs : what was looked at (columns query, identity, image, inliers, drawn)
    near : neighbours (columns query, identity, image, similarity)
    """
    looked = pairs.loc[~pairs["random"].astype(bool), ["query", "identity", "image", "inliers"]]
    looked = looked.groupby(["query", "identity", "image"], as_index=False)["inliers"].max()
    close = near.groupby(["query", "identity", "image"], as_index=False)["similarity"].max()
    both = looked.merge(close, on=["query", "identity", "image"], how="outer")
    both = both.merge(wanted[["query", "identity"]].drop_duplicates(), on=["query", "identity"])
    columns = ["query", "identity", "inliers", "similarity", "image"]
    both = both.assign(points=both["inliers"].fillna(0)).sort_values(
        ["query", "identity", "points", "similarity", "image"],
        ascending=[True, True, False, False, True],
    )
    return both.drop_duplicates(["query", "identity"])[columns].reset_index(drop=True)


def lines(
    arguing: pd.DataFrame, points: pd.DataFrame, features: Features, sizes: pd.DataFrame
) -> dict[tuple[str, str], list[int]]:
    """The clearest matched points of each (query, image) as x, y, there x, there y, one after
    another, in thousandths of the two photographs.

    points : of the pairs that were looked at (`match.POINT_COLUMNS`); those of several folds are the same
    sizes : width and height by image
    """
    own = points.merge(arguing[["query", "image"]].drop_duplicates(), on=["query", "image"])
    own = own.drop_duplicates(["query", "image", "own"]).sort_values(
        ["query", "image", "clearness"], kind="stable"
    )
    own = own[own.groupby(["query", "image"]).cumcount() < LINES]
    if own.empty:
        return {}
    ends = [
        on_photographs(own[columns].to_numpy(float), own[names], features, sizes)
        for names, columns in (("query", ["x", "y"]), ("image", ["there_x", "there_y"]))
    ]
    flat = np.hstack(ends)
    pairs = own[["query", "image"]].reset_index(drop=True)
    rows = pairs.groupby(["query", "image"], sort=False).indices
    return {pair: flat[row].ravel().tolist() for pair, row in rows.items()}


def on_photographs(
    shares: np.ndarray, names: pd.Series, features: Features, sizes: pd.DataFrame
) -> np.ndarray:
    """n x 2 shares of the canvases of n photographs as thousandths of the photographs."""
    number = pd.Index(features.names).get_indexer(names)
    canvas, (linear, shift) = shares * features.sizes[number], parted(features.canvases[number])
    points = np.einsum("nij,nj->ni", np.linalg.inv(linear), canvas - shift)
    return outlines.thousandths(points, sizes.loc[names, ["width", "height"]].to_numpy())


def parted(transforms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The linear parts (n x 2 x 2) and the shifts (n x 2) of n 2x3 transforms."""
    return transforms[:, :, :2], transforms[:, :, 2]
