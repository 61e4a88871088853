"""Identify one new photograph from stored artefacts, without training.

It is scored like a test photograph, member by member, with the ensemble's own scores and blend. A
held-out photograph gets the answer that the pipeline gave it: fits on its cross-fitting part of the
queries are not used.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data import gallery, viewpoints
from pipeline.data.evidence import LOCAL
from pipeline.data.features import Features, appended
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.identify.gallery import Gallery, LocalGallery
from pipeline.params import Ensemble, Params
from pipeline.steps.ensemble.assemble import FoldEvidence, assemble_fold, list_sources
from pipeline.steps.ensemble.blend import Blend
from pipeline.steps.match import match
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.queries import FoldQuery
from pipeline.steps.neighbours.neighbours import build_table, score_queries
from pipeline.steps.neighbours.search import build_gallery
from pipeline.steps.submission.place import Galleries, compute_posteriors
from pipeline.steps.weigh import weigh
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


@dataclass(frozen=True)
class Answer:
    """The answer to one photograph.

    probabilities: by identity, NEW_WHALE included, the likeliest first; their sum is 1. compared:
    the gallery photographs that it was compared with (columns COMPARED), those with the most
    matched points first, then the most similar
    """

    probabilities: pd.Series
    compared: pd.DataFrame


def answer(query: Query, stored: Gallery, recipe: Ensemble, backbone: str, p: Params) -> Answer:
    """Let every fold of `query.embeddings` answer, and average the posteriors.

    recipe : with the scores of `backbone` only
    """
    rows = {fold: comparable_rows(query, stored, fold) for fold in query.embeddings}
    nearest = {fold: search_nearest(query, stored, fold, own, p) for fold, own in rows.items()}
    scores = {fold: {backbone: evidence} for fold, (evidence, _) in nearest.items()}
    tables = {fold: table for fold, (_, table) in nearest.items()}
    compared = [table.assign(inliers=np.nan) for table in tables.values()]
    if stored.local:
        for fold, matched in match_features(query, stored, stored.local, rows, tables, p).items():
            weighed = weigh.weigh_pairs(matched.pairs, matched.points, query.point_weights)
            scores[fold][LOCAL] = pd.concat([matched.evidence, weighed])
            compared.append(matched.pairs)
    posteriors = blend_scores(query, stored, recipe, rows, scores, p)
    return Answer(normalise(posteriors), rank_compared(query, stored, compared))


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
    evidence, found = score_queries(
        names, vectors, indexed, p.neighbours, str(fold), stored.viewpoint
    )
    return evidence, build_table(names, indexed, found)


def match_features(
    query: Query,
    stored: Gallery,
    local: LocalGallery,
    rows: dict[int, pd.DataFrame],
    nearest: dict[int, pd.DataFrame],
    p: Params,
) -> dict[int, match.FoldMatches]:
    """Match local features with the galleries (`rows`) and the nearest photographs, by fold."""
    features = appended(stored.features, query.features)
    images = {fold: own["image"] for fold, own in rows.items()}
    matcher = Matcher(features, local.rows, images, p.match, p.keypoints.detector, local.index)
    queries = []
    for fold, table in nearest.items():
        hidden = viewpoints.hidden(images[fold], stored.viewpoint)
        other_viewpoint = hidden.get(stored.viewpoint.get(QUERY, ""), [])
        close = table.loc[table["rank"] < p.match.shortlist, "image"].tolist()
        queries.append(FoldQuery(fold, close, other_viewpoint, None))
    return match.match_queries(matcher, {QUERY: queries})


def blend_scores(
    query: Query,
    stored: Gallery,
    recipe: Ensemble,
    rows: dict[int, pd.DataFrame],
    scores: dict[int, dict[str, pd.DataFrame]],
    p: Params,
) -> pd.DataFrame:
    """The posteriors (columns query, identity, posterior) by the ensemble's blend of the scores."""
    parts = [
        assemble_fold(fold, scores[fold], list_sources(recipe), query_rows(), own)
        for fold, own in rows.items()
    ]
    blend = Blend(recipe, p.ensemble, p.evaluation)
    log_odds = blend.fit(without_part_of(query, stored.held_out, p)).log_odds(parts)
    comparable = {f: viewpoints.comparable(own, stored.viewpoint) for f, own in rows.items()}
    return compute_posteriors(log_odds, 0.0, Galleries(comparable, stored.viewpoint))


def without_part_of(query: Query, held_out: FoldEvidence, p: Params) -> FoldEvidence:
    """The held-out queries without the photograph's cross-fitting part."""
    queries = held_out.queries
    part = CrossFit(queries["group"], p.evaluation.crossfit, p.evaluation.seed).part
    return held_out.select(~np.isin(part, part[queries["group"].isin(query.groups)]))


def normalise(posteriors: pd.DataFrame) -> pd.Series:
    """The members' mean posteriors by identity, in descending order, scaled to sum 1.

    Equal ones are in the order of their names; without candidates NEW_WHALE has probability 1.
    """
    by_identity = posteriors.set_index("identity")["posterior"].sort_index()
    if by_identity.empty:
        return pd.Series({NEW_WHALE: 1.0})
    return (by_identity / by_identity.sum()).sort_values(ascending=False, kind="stable")


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
