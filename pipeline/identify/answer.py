"""Identify one new photograph from stored artefacts, without training.

It is scored like a test photograph, member by member, with the ensemble's own scores and blend. A
held-out photograph gets the answer that the pipeline gave it: fits on its cross-fitting part of the
queries are not used.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data import gallery
from pipeline.data.evidence import LOCAL
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.identify.comparison import (
    Query,
    comparable_rows,
    match_features,
    query_rows,
    rank_compared,
    search_nearest,
)
from pipeline.identify.gallery import Gallery
from pipeline.params import Ensemble, Params
from pipeline.steps.ensemble.assemble import FoldEvidence, assemble_fold, list_sources
from pipeline.steps.ensemble.blend import Blend
from pipeline.steps.submission.place import compute_posteriors
from pipeline.steps.weigh import weigh


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
    folds = comparable_rows(query, stored)
    rows = gallery.gallery_rows(folds)
    nearest = {fold: search_nearest(query, stored, fold, rows, p) for fold in query.embeddings}
    scores = {fold: {backbone: evidence} for fold, (evidence, _) in nearest.items()}
    tables = [table for _, table in nearest.values()]
    compared = [table.assign(inliers=np.nan) for table in tables]
    if stored.local:
        matched = match_features(query, stored, stored.local, rows, tables, p)
        weighed = weigh.weigh_pairs(matched.pairs, matched.points, query.point_weights)
        for of_fold in scores.values():
            of_fold[LOCAL] = pd.concat([matched.evidence, weighed])
        compared.append(matched.pairs)
    posteriors = blend_scores(query, stored, recipe, scores, p)
    return Answer(normalise(posteriors), rank_compared(query, stored, compared))


def blend_scores(
    query: Query,
    stored: Gallery,
    recipe: Ensemble,
    scores: dict[int, dict[str, pd.DataFrame]],
    p: Params,
) -> pd.DataFrame:
    """The posteriors (columns query, identity, posterior) by the ensemble's blend of the scores."""
    sources = list_sources(stored.held_out)  # what the blend is fitted on; one query may lack some
    parts = [
        assemble_fold(fold, of_fold, sources, query_rows()) for fold, of_fold in scores.items()
    ]
    return compute_posteriors(fit_blend(query, stored, recipe, p).log_odds(parts), 0.0)


def fit_blend(query: Query, stored: Gallery, recipe: Ensemble, p: Params) -> Blend:
    """The recipe's blend, fitted without the photograph's part; if it has none once for all."""
    kept = stored.kept_for(query.groups)
    if kept and kept.blend:
        return kept.blend
    blend = Blend(recipe, p.ensemble, p.evaluation, stored.tests)
    # by the method of the stage: the fit has fewer queries
    method = blend.choose_method(stored.held_out)
    blend.fit(without_part_of(query, stored.held_out, p), method)
    if kept:
        kept.blend = blend
    return blend


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
