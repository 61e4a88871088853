"""One photograph more: the pipeline's answer to it, of what is stored and with nothing trained.

It is asked as the test's photographs are, member by member, by the ensemble's own scores and blend.
A photograph that is held out gets the answer that the pipeline gave to it: whatever was fitted on
its part of the queries has no say.
"""

from dataclasses import dataclass

import faiss
import numpy as np
import pandas as pd

from pipeline.data import gallery, viewpoints
from pipeline.data.evidence import LOCAL
from pipeline.data.features import Features, appended
from pipeline.data.gallery import Embeddings
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation.cross_fit import CrossFit
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

NAME = "asked"  # the photograph's, in tables
NEAR = ["identity", "image", "similarity", "points"]


@dataclass(frozen=True)
class Local:
    """What local features are compared with.

    shown: rows (image, identity) of all galleries; index: of their features, in the order of
    `shown` (`votes.build_index`)
    """

    shown: pd.DataFrame
    index: faiss.Index


@dataclass(frozen=True)
class Known:
    """What one backbone's members know.

    folds: the table "folds", enrolled photographs in fold -1 among its rows; embeddings: of the
    galleries' photographs, by fold; held: the ensemble's evidence on the held-out queries; side: of
    each photograph whose side is known; features: of every photograph; local: None where the
    ensemble has no local scores
    """

    folds: pd.DataFrame
    embeddings: dict[int, Embeddings]
    held: FoldEvidence
    side: dict[str, str]
    features: Features
    local: Local | None


@dataclass(frozen=True)
class Asked:
    """The photograph: a unit vector a member (by fold), its local features, its groups (it and its
    copies in the competition, which are not shown to it), and what weighs its points.
    """

    vectors: dict[int, np.ndarray]
    features: Features
    groups: set[int]
    scale: PointWeigher


def answer(
    asked: Asked, known: Known, recipe: Ensemble, backbone: str, p: Params
) -> tuple[pd.Series, pd.DataFrame]:
    """Each name's chance, NEW_WHALE among them, likeliest first, their sum 1; and what the
    photograph was compared with (columns NEAR), what argues most for its name first.

    Every fold of `asked.vectors` answers; `recipe` has the scores of `backbone` alone.
    """
    galleries = {fold: shown_to(asked, known, fold) for fold in asked.vectors}
    near = {fold: nearest(asked, known, fold, rows, p) for fold, rows in galleries.items()}
    said = {fold: {backbone: scores} for fold, (scores, _) in near.items()}
    neighbour = {fold: table for fold, (_, table) in near.items()}
    looked = [table.assign(inliers=np.nan) for table in neighbour.values()]
    if known.local:
        matched = compared(asked, known, galleries, neighbour, p)
        for fold, own in matched.items():
            weighed = weigh.weigh_pairs(own.pairs, own.points, asked.scale)
            said[fold][LOCAL] = pd.concat([own.evidence, weighed])
        looked += [own.pairs for own in matched.values()]
    parts = [
        assemble_fold(fold, said[fold], list_sources(recipe), query(), rows)
        for fold, rows in galleries.items()
    ]
    blend = Blend(recipe, p.ensemble, p.evaluation).fit(others(known.held, asked, p))
    odds = blend.log_odds(parts)
    comparable = {f: viewpoints.comparable(rows, known.side) for f, rows in galleries.items()}
    posteriors = compute_posteriors(odds, 0.0, Galleries(comparable, known.side))
    return chances(posteriors), argued(asked, known, looked)


def query() -> pd.DataFrame:
    """The photograph as `gallery.query_rows` has those of the test."""
    row = {"image": NAME, "group": -1, "kind": gallery.TEST, "truth": "", "fold": -1, "cluster": ""}
    return pd.DataFrame([row])


def shown_to(asked: Asked, known: Known, fold: int) -> pd.DataFrame:
    """The member's gallery without the photograph itself and its copies."""
    rows = gallery.gallery_rows(known.folds, fold)
    return rows[~rows["group"].isin(asked.groups)].reset_index(drop=True)


def nearest(
    asked: Asked, known: Known, fold: int, rows: pd.DataFrame, p: Params
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One member's evidence, and the gallery's photographs that are nearest to its eyes."""
    shown = build_gallery(known.embeddings[fold], rows)
    names, vectors = pd.Series([NAME]), asked.vectors[fold][None]
    said = score_queries(names, vectors, shown, p.neighbours, str(fold), known.side)
    return said[0], build_table(names, shown, said[1])


def compared(
    asked: Asked,
    known: Known,
    galleries: dict[int, pd.DataFrame],
    near: dict[int, pd.DataFrame],
    p: Params,
) -> dict[int, match.FoldMatches]:
    """What local features say, by fold."""
    features, local = appended(known.features, asked.features), known.local
    shown = {fold: rows["image"] for fold, rows in galleries.items()}
    ready = Matcher(features, local.shown, shown, p.match, p.keypoints.detector, local.index)
    questions = []
    for fold, table in near.items():
        strange = viewpoints.hidden(shown[fold], known.side).get(known.side.get(NAME, ""), [])
        close = table.loc[table["rank"] < p.match.shortlist, "image"].tolist()
        questions.append(FoldQuery(fold, close, strange, None))
    return match.match_queries(ready, {NAME: questions})


def others(held: FoldEvidence, asked: Asked, p: Params) -> FoldEvidence:
    """The held-out queries without the photograph's part of them."""
    queries = held.queries
    part = CrossFit(queries["group"], p.evaluation.crossfit, p.evaluation.seed).part
    return held.select(~np.isin(part, part[queries["group"].isin(asked.groups)]))


def chances(posteriors: pd.DataFrame) -> pd.Series:
    """Members' mean posteriors by name: the same order, and their sum is 1."""
    found = posteriors.set_index("identity")["posterior"].sort_index()
    if found.empty:
        return pd.Series({NEW_WHALE: 1.0})
    return (found / found.sum()).sort_values(ascending=False, kind="stable")


def argued(asked: Asked, known: Known, looked: list[pd.DataFrame]) -> pd.DataFrame:
    """Columns NEAR: the photographs that were looked at (rows image, identity, and inliers where
    points were matched), most points first, then the most similar. A similarity is the mean over
    the members that have the photograph.
    """
    table = (
        pd.concat(looked)
        .groupby("image", as_index=False)
        .agg(identity=("identity", "first"), points=("inliers", "max"))
    )
    table["points"] = table["points"].fillna(0).astype(int)
    images = table["image"]
    alike = [
        pd.Series(known.embeddings[fold].of(images) @ vector, images)
        for fold, vector in asked.vectors.items()
    ]
    table["similarity"] = table["image"].map(pd.concat(alike, axis=1).mean(axis=1))
    order = ["points", "similarity", "image"]
    return table.sort_values(order, ascending=[False, False, True], ignore_index=True)[NEAR]
