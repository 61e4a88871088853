"""The gallery photograph that best matches a query, for every answer, and their matched points."""

import numpy as np
import pandas as pd

from pipeline.data.features import Canvases
from pipeline.steps.report import outlines

MAX_LINES = 24  # matched points that the report draws per pair


def select_best_matches(
    answers: pd.DataFrame, pairs: pd.DataFrame, neighbours: pd.DataFrame
) -> pd.DataFrame:
    """The best match of each answer: columns query, identity, inliers, similarity, image.

    It is the photograph with the most inliers; if none has any, the nearest by embedding.
    `inliers` is NaN for two photographs whose keypoints were not compared. An answer without
    compared and without near photographs is left out.

    answers : columns query, identity
    pairs : the pairs whose keypoints were compared (query, identity, image, inliers, random)
    neighbours : columns query, identity, image, similarity
    """
    keys = ["query", "identity", "image"]
    compared = pairs.loc[~pairs["random"].astype(bool), [*keys, "inliers"]]
    compared = compared.groupby(keys)["inliers"].max().reset_index()
    near = neighbours.groupby(keys)["similarity"].max().reset_index()
    both = compared.merge(near, on=keys, how="outer")
    both = both[both["query"] != both["image"]]  # a named photograph is in the gallery, too
    both = both.merge(answers[["query", "identity"]].drop_duplicates(), on=["query", "identity"])
    columns = ["query", "identity", "inliers", "similarity", "image"]
    both = both.assign(points=both["inliers"].fillna(0)).sort_values(
        ["query", "identity", "points", "similarity", "image"],
        ascending=[True, True, False, False, True],
    )
    return both.drop_duplicates(["query", "identity"])[columns].reset_index(drop=True)


def build_match_lines(
    matches: pd.DataFrame, points: pd.DataFrame, canvases: Canvases, sizes: pd.DataFrame
) -> dict[tuple[str, str], list[int]]:
    """The clearest matched points by (query, image), one flat list per pair.

    Four numbers per point: x, y on the query and x, y on the gallery photograph, in thousandths of
    the photographs' sides.

    matches : columns query, image
    points : the inliers of all compared pairs (`POINT_COLUMNS`); folds repeat a pair's points
    sizes : width and height by image
    """
    rows = points.merge(matches[["query", "image"]].drop_duplicates(), on=["query", "image"])
    rows = rows.drop_duplicates(["query", "image", "query_point"]).sort_values(
        ["query", "image", "ratio"], kind="stable"
    )
    rows = rows[rows.groupby(["query", "image"]).cumcount() < MAX_LINES]
    if rows.empty:
        return {}
    ends = [
        map_to_photographs(rows[columns].to_numpy(float), rows[names], canvases, sizes)
        for names, columns in (("query", ["x", "y"]), ("image", ["gallery_x", "gallery_y"]))
    ]
    flat = np.hstack(ends)
    pairs = rows[["query", "image"]].reset_index(drop=True)
    keys = list(pairs.itertuples(index=False, name=None))
    groups = pairs.groupby(["query", "image"], sort=False).indices.values()
    return {keys[group[0]]: flat[group].ravel().tolist() for group in groups}


def map_to_photographs(
    fractions: np.ndarray, names: pd.Series, canvases: Canvases, sizes: pd.DataFrame
) -> np.ndarray:
    """Points in fractions of the canvases of n photographs, as thousandths of the photographs.

    fractions : n x 2; names : the n photographs; returns n x 2 int
    """
    index = pd.Index(canvases.names).get_indexer(names)
    transforms = canvases.canvases[index]
    linear, shift = transforms[:, :, :2], transforms[:, :, 2]
    canvas = fractions * canvases.sizes[index]
    points = np.einsum("nij,nj->ni", np.linalg.inv(linear), canvas - shift)
    return outlines.to_thousandths(points, sizes.loc[names, ["width", "height"]].to_numpy())
