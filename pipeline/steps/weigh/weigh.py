"""The step `weigh`: believe each matched point as far as such points are to be believed.

    weighted_inliers   for each (query, identity) the evidence of the query's points, added up

Its pairs are `match`'s. What a point says (`scale.py`) is learned from the points of held-out
queries and never on the query itself or a copy of it; the test's are weighed by all of them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data import evidence
from pipeline.data.evidence import LOCAL
from pipeline.data.gallery import TEST
from pipeline.evaluation import protocol
from pipeline.params import Boosting, Evaluation
from pipeline.steps.weigh.point_weights import FEATURES, Scale

PAIR = ["query", "image"]
NONE = -1  # the part of a photograph that nothing is learned from


@dataclass(frozen=True)
class Fold:
    """What `match` saw for one fold: its pairs and their points; and the fold's queries."""

    pairs: pd.DataFrame
    points: pd.DataFrame
    queries: pd.DataFrame


@dataclass(frozen=True)
class Weighed:
    """The scales, by the part of the photographs that had no say in them (NONE: all had); the part
    of each held-out photograph; by fold, the evidence and what each pair weighs (query, image,
    weighted_inliers).
    """

    scales: dict[int, Scale]
    parts: pd.Series
    evidence: dict[int, pd.DataFrame]
    pairs: dict[int, pd.DataFrame]


def weigh(folds: dict[int, Fold], params: Boosting, evaluated: Evaluation) -> Weighed:
    """Learn from all folds' held-out queries together, and weigh every fold's points."""
    parts = parts_of([one.queries for one in folds.values()], evaluated)
    told = [described(one, parts).assign(fold=fold) for fold, one in folds.items()]
    table = pd.concat(told, ignore_index=True)
    lessons = table[(table["part"] != NONE) & ~table["drawn"]]
    scales, weight = {}, np.zeros(len(table))
    for part in (NONE, *sorted(parts.unique().tolist())):
        # the pair the other way round, where the gallery's photograph asks, tells the same
        others = lessons[(lessons["part"] != part) & (lessons["there"] != part)]
        scales[part] = learned(lessons if part == NONE else others, params)
        own = (table["part"] == part).to_numpy()
        weight[own] = scales[part].evidence(table[own])
    table = table.assign(weight=weight)
    own = {fold: table[table["fold"] == fold] for fold in folds}
    return Weighed(
        scales,
        parts,
        {fold: spoken(one.pairs, own[fold]) for fold, one in folds.items()},
        {fold: weights(one.pairs, own[fold]) for fold, one in folds.items()},
    )


def by_scale(pairs: pd.DataFrame, points: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """The evidence of one fold's pairs of a photograph that nothing is learned from."""
    table = of_pairs(points, pairs)
    return spoken(pairs, table.assign(weight=scale.evidence(table)))


def parts_of(queries: list[pd.DataFrame], evaluated: Evaluation) -> pd.Series:
    """The cross-fit part of each held-out photograph, by its name; copies share theirs."""
    held = pd.concat(queries, ignore_index=True)
    held = held[held["kind"] != TEST]
    part = protocol.crossfit_parts(held["group"], evaluated.crossfit, evaluated.seed)
    return pd.Series(part, index=held["image"])


def described(fold: Fold, parts: pd.Series) -> pd.DataFrame:
    """The fold's points with their pair's identity and drawn (by lot); same, whether the pair shows
    one animal; part and there, those of the query and of the gallery's photograph (NONE for the
    test's and where there is none).
    """
    table = of_pairs(fold.points, fold.pairs)
    truth = fold.queries[fold.queries["kind"] != TEST].set_index("image")["truth"]
    return table.assign(
        same=truth.reindex(table["query"]).to_numpy() == table["identity"].to_numpy(),
        part=parts.reindex(table["query"], fill_value=NONE).to_numpy(),
        there=parts.reindex(table["image"], fill_value=NONE).to_numpy(),
    )


def of_pairs(points: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Points with their pair's identity, and whether it was drawn by lot."""
    return points.merge(pairs[[*PAIR, "identity", "drawn"]].astype({"drawn": bool}), on=PAIR)


def learned(table: pd.DataFrame, params: Boosting) -> Scale:
    """A scale from described points; a pair of many points counts as one of few."""
    count = table.groupby(["fold", *PAIR])["own"].transform("size")
    return Scale().fit(table[FEATURES], table["same"].to_numpy(), 1 / count.to_numpy(), params)


def spoken(pairs: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """One fold's evidence: a point of the query speaks for an identity once, where it weighs most.

    An identity that was looked at without any point has 0.
    """
    names = ["query", "identity"]
    best = table[~table["drawn"]].groupby([*names, "own"])["weight"].max()
    added = best.groupby(names).sum()
    seen = pairs.loc[~pairs["drawn"].astype(bool), names].drop_duplicates()
    score = added.reindex(pd.MultiIndex.from_frame(seen), fill_value=0.0).to_numpy(dtype=float)
    said = {"weighted_inliers": score}
    return evidence.build(seen["query"].to_numpy(), seen["identity"].to_numpy(), LOCAL, said)


def weights(pairs: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """What the points of each pair weigh together; 0 for a pair without any."""
    added = table.groupby(PAIR)["weight"].sum()
    score = added.reindex(pd.MultiIndex.from_frame(pairs[PAIR]), fill_value=0.0)
    return pairs[PAIR].assign(weighted_inliers=score.to_numpy(dtype=float))
