"""Compare a new photograph with the gallery: by embeddings, and by local features."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data import gallery
from pipeline.data.features import Features, append
from pipeline.identify.gallery import Gallery, LocalGallery
from pipeline.params import Params
from pipeline.steps.match import match
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.queries import FoldQuery, Galleries
from pipeline.steps.neighbours.neighbours import build_table, score_queries
from pipeline.steps.neighbours.search import build_gallery
from pipeline.steps.weigh.point_weights import PointWeigher

QUERY = "query"  # the photograph's name in tables
COMPARED = ["identity", "image", "similarity", "points"]


@dataclass(frozen=True)
class Query:
    """The photograph to identify.

    embeddings: one unit vector per member, by fold; groups: its duplicate groups in the
    competition, which it is not compared with; point_weights: fitted without its own pairs
    """

    embeddings: dict[int, np.ndarray]
    features: Features
    groups: set[int]
    point_weights: PointWeigher


def query_rows() -> pd.DataFrame:
    """The photograph as `gallery.query_rows` gives those of the test."""
    row = {"image": QUERY, "group": -1, "kind": gallery.TEST, "truth": "", "fold": -1}
    return pd.DataFrame([row | {"cluster": ""}])


def comparable_rows(query: Query, stored: Gallery, fold: int) -> pd.DataFrame:
    """The member's gallery without the photograph itself and its duplicates."""
    rows = gallery.gallery_rows(stored.folds, fold)
    return rows[~rows["group"].isin(query.groups)].reset_index(drop=True)


def search_nearest(
    query: Query, stored: Gallery, fold: int, rows: pd.DataFrame, p: Params
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One member's evidence, and the gallery photographs nearest by its embeddings."""
    indexed = build_gallery(stored.embeddings[fold], rows)
    names, vectors = pd.Series([QUERY]), query.embeddings[fold][None]
    evidence, neighbours = score_queries(
        names, vectors, indexed, p.neighbours, str(fold), stored.viewpoint
    )
    return evidence, build_table(names, indexed, neighbours)


def match_features(
    query: Query,
    stored: Gallery,
    local: LocalGallery,
    rows: dict[int, pd.DataFrame],
    nearest: dict[int, pd.DataFrame],
    p: Params,
) -> dict[int, match.FoldMatches]:
    """Match local features with the galleries (`rows`) and the nearest photographs, by fold."""
    features = append(stored.features, query.features)
    images = {fold: fold_rows["image"] for fold, fold_rows in rows.items()}
    galleries = Galleries(local.rows, images, stored.viewpoint)
    matcher = Matcher(features, galleries, p.match, p.keypoints.detector, local.index)
    queries = []
    for fold, table in nearest.items():
        close = table.loc[table["rank"] < p.match.shortlist, "image"].tolist()
        queries.append(FoldQuery(fold, close, [], None))
    return match.match_queries(matcher, {QUERY: queries})


def rank_compared(query: Query, stored: Gallery, compared: list[pd.DataFrame]) -> pd.DataFrame:
    """The compared photographs (columns COMPARED), most matched points first, then most similar.

    A similarity is the mean over the members that have the photograph.

    compared : rows image, identity, and inliers if points were matched
    """
    table = (
        pd.concat(compared)
        .groupby("image", as_index=False)
        .agg(identity=("identity", "first"), points=("inliers", "max"))
    )
    table["points"] = table["points"].fillna(0).astype(int)
    images = table["image"]
    similarities = [
        pd.Series(stored.embeddings[fold].of(images) @ vector, images)
        for fold, vector in query.embeddings.items()
    ]
    table["similarity"] = images.map(pd.concat(similarities, axis=1).mean(axis=1))
    order = ["points", "similarity", "image"]
    return table.sort_values(order, ascending=[False, False, True], ignore_index=True)[COMPARED]
