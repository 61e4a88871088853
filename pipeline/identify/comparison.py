"""Compare a new photograph with the gallery: by embeddings, and by local features."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data import gallery
from pipeline.data.features import Features, join
from pipeline.identify.gallery import Gallery, LocalGallery
from pipeline.params import Params
from pipeline.paths import QuerySet
from pipeline.steps.match import match, queries
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.matches import Matches
from pipeline.steps.neighbours import search
from pipeline.steps.neighbours.neighbours import build_table, score_queries
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
    return gallery.test_rows(pd.DataFrame({"image": [QUERY], "split": "test"}))


def comparable_rows(query: Query, stored: Gallery) -> pd.DataFrame:
    """The rows of "folds" that are left if the photograph is not to meet itself.

    Without it and its duplicates; if it is one of the held-out queries, without what is hidden from
    these (`gallery.is_hidden`).
    """
    folds = stored.folds
    own = folds["group"].isin(query.groups)
    places = folds.loc[own & (folds["fold"] != gallery.NO_FOLD), ["fold", "part"]]
    hidden = own.copy()
    for fold, part in places.drop_duplicates().itertuples(index=False):
        hidden |= gallery.is_hidden(folds, fold, part)
    return folds[~hidden].reset_index(drop=True)


def search_nearest(
    query: Query, stored: Gallery, fold: int, rows: pd.DataFrame, p: Params
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One member's evidence, and the gallery photographs nearest by its embeddings."""
    indexed = choose_gallery(query, stored, fold, rows)
    names, vectors = pd.Series([QUERY]), query.embeddings[fold][None]
    evidence, neighbours = score_queries(
        names, vectors, indexed, p.neighbours, str(fold), stored.viewpoint
    )
    return evidence, build_table(names, indexed, neighbours)


def choose_gallery(query: Query, stored: Gallery, fold: int, rows: pd.DataFrame) -> search.Gallery:
    """What a member's embedding is compared with; most photographs share one (`kept_for`)."""
    kept = stored.kept_for(query.groups)
    if not kept:
        return search.build_gallery(stored.embeddings[fold], rows)
    if fold not in kept.galleries:
        kept.galleries[fold] = search.build_gallery(stored.embeddings[fold], rows)
    return kept.galleries[fold]


def match_features(
    query: Query,
    stored: Gallery,
    local: LocalGallery,
    rows: pd.DataFrame,
    nearest: Iterable[pd.DataFrame],
    p: Params,
) -> Matches:
    """Match local features with the gallery (`rows`); the members' `nearest` are verified."""
    own, images = query.features, rows["image"]
    viewpoint = stored.viewpoint.get(QUERY, "")
    close = queries.merge_nearest(nearest, p.match.shortlist).get(QUERY, [])
    sets: dict[QuerySet, dict[str, queries.Query]] = {
        QUERY: {QUERY: queries.Query(QUERY, close, [], None)}
    }
    matcher = local.matcher.with_guest(own, QUERY, images, viewpoint)
    found, edge_matcher = match.match_flat(matcher, sets), None
    if local.edge_matcher:
        edge_matcher = local.edge_matcher.with_guest(own.edge_features(), QUERY, images, viewpoint)
    found = match.add_edge_votes(found, edge_matcher, sets)
    if p.match.pairs != "none":
        compared = [QUERY, *found[QUERY].pairs["image"].unique()]
        found = match.add_pair_scores(
            found, join_features(matcher, compared), stored.files, p.match
        )
    return found[QUERY]


def join_features(matcher: Matcher, images: list[str]) -> Features:
    """The features of some photographs that a matcher knows, its guest perhaps among them."""
    found = map(matcher.find, matcher.locate(images))
    return join(images, [features.of(number) for features, number in found])


def rank_compared(query: Query, stored: Gallery, compared: list[pd.DataFrame]) -> pd.DataFrame:
    """The compared photographs (columns COMPARED), most matched points first, then most similar.

    A similarity is the mean over the members.

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
