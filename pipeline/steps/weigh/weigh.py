"""The step `weigh`: weight each matched point by how reliable such points are.

    weighted_inliers   for each (query, identity) the sum of the weights of the query's points

The pairs are those of `match`. The weights (`point_weights.py`) are cross-fitted: those of a
held-out query are fitted on other held-out queries, without its duplicates. Those of the test's
queries are fitted on all held-out ones.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data import evidence
from pipeline.data.evidence import LOCAL
from pipeline.data.gallery import TEST
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.params import Boosting, Evaluation
from pipeline.paths import QuerySet
from pipeline.steps.weigh.point_weights import FEATURES, PointWeigher

PAIR = ["query", "image"]
NOT_HELD_OUT = -1  # instead of a cross-fitting part; also the number of the fit on all parts


@dataclass(frozen=True)
class FoldPairs:
    """What `match` wrote for a fold or the test, pairs and their points; and its queries."""

    pairs: pd.DataFrame
    points: pd.DataFrame
    queries: pd.DataFrame


@dataclass(frozen=True)
class WeightedFolds:
    """The result of the step.

    weighers : by the part that they are not fitted on (NOT_HELD_OUT: fitted on all)
    parts : the cross-fitting part of each held-out photograph, by its name
    evidence : by fold, and of the test
    pairs : the same, the sum of each pair's weights (query, image, weighted_inliers)
    """

    weighers: dict[int, PointWeigher]
    parts: pd.Series
    evidence: dict[QuerySet, pd.DataFrame]
    pairs: dict[QuerySet, pd.DataFrame]


def weigh_folds(
    folds: dict[QuerySet, FoldPairs], params: Boosting, evaluation: Evaluation
) -> WeightedFolds:
    """Fit on the held-out queries of all folds together, and weigh the points of all.

    folds : by fold; the test's queries may be apart, under a key of their own
    """
    parts = split_queries([fold.queries for fold in folds.values()], evaluation)
    labelled = [label_points(fold, parts).assign(fold=number) for number, fold in folds.items()]
    points = pd.concat(labelled, ignore_index=True)
    weighers = fit_weighers(points, sorted(parts.unique().tolist()), params)
    weights = np.zeros(len(points))
    for part, weigher in weighers.items():
        rows = (points["query_part"] == part).to_numpy()
        weights[rows] = weigher.weigh(points[rows])
    points = points.assign(weight=weights)
    by_fold = {number: points[points["fold"] == number] for number in folds}
    return WeightedFolds(
        weighers,
        parts,
        {number: build_evidence(fold.pairs, by_fold[number]) for number, fold in folds.items()},
        {number: sum_weights(fold.pairs, by_fold[number]) for number, fold in folds.items()},
    )


def weigh_pairs(pairs: pd.DataFrame, points: pd.DataFrame, weigher: PointWeigher) -> pd.DataFrame:
    """Build the evidence of one fold's pairs and points with a fitted weigher."""
    points = add_pair_columns(points, pairs)
    return build_evidence(pairs, points.assign(weight=weigher.weigh(points)))


def weigh_peers(pairs: pd.DataFrame, points: pd.DataFrame, weighted: WeightedFolds) -> pd.DataFrame:
    """Add to pairs of queries of one set (`match`'s peers) the column weighted_inliers.

    The weights of a held-out pair are fitted without the part of its first photograph.
    """
    pairs = pairs[[*PAIR, "inliers"]]
    part = weighted.parts.reindex(points["query"], fill_value=NOT_HELD_OUT).to_numpy()
    weights = np.zeros(len(points))
    for number, weigher in weighted.weighers.items():
        weights[part == number] = weigher.weigh(points[part == number])
    return pairs.merge(sum_weights(pairs, points.assign(weight=weights)), on=PAIR)


def split_queries(queries: list[pd.DataFrame], evaluation: Evaluation) -> pd.Series:
    """The cross-fitting part of each held-out photograph, by its name."""
    held = pd.concat(queries, ignore_index=True)
    held = held[held["kind"] != TEST]
    cross_fit = CrossFit(held["group"].to_numpy(), evaluation.crossfit, evaluation.seed)
    parts = pd.Series(cross_fit.part, index=held["image"])
    # a photograph that is several queries is in one part, as its group is
    return parts[~parts.index.duplicated()]


def label_points(fold: FoldPairs, parts: pd.Series) -> pd.DataFrame:
    """Add to a fold's points what is known of their pairs.

    Columns identity and random; same, whether the pair shows one animal; query_part and
    gallery_part, the cross-fitting parts of its photographs (NOT_HELD_OUT for the test's).
    """
    points = add_pair_columns(fold.points, fold.pairs)
    truth = fold.queries[fold.queries["kind"] != TEST].set_index("image")["truth"]
    return points.assign(
        same=truth.reindex(points["query"]).to_numpy() == points["identity"].to_numpy(),
        query_part=parts.reindex(points["query"], fill_value=NOT_HELD_OUT).to_numpy(),
        gallery_part=parts.reindex(points["image"], fill_value=NOT_HELD_OUT).to_numpy(),
    )


def add_pair_columns(points: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Add to points their pair's identity, and whether it was sampled (random)."""
    return points.merge(pairs[[*PAIR, "identity", "random"]].astype({"random": bool}), on=PAIR)


def fit_weighers(
    points: pd.DataFrame, parts: list[int], params: Boosting
) -> dict[int, PointWeigher]:
    """Fit a weigher on all held-out queries, and one without each of the `parts`.

    A pair is left out with the part of its gallery photograph too: the same two photographs may
    be a pair the other way round. Random pairs are not fitted on. If one of the fits has points of
    one class only, all stay unfitted: weights of some queries and zeros of others cannot be
    compared.
    """
    training = points[(points["query_part"] != NOT_HELD_OUT) & ~points["random"]]
    weighers = {NOT_HELD_OUT: fit_weigher(training, params)}
    for part in parts:
        others = (training["query_part"] != part) & (training["gallery_part"] != part)
        weighers[part] = fit_weigher(training[others], params)
    if any(weigher.trees_ is None for weigher in weighers.values()):
        return {part: PointWeigher() for part in weighers}
    return weighers


def fit_weigher(points: pd.DataFrame, params: Boosting) -> PointWeigher:
    """Fit a weigher on labelled points; every pair counts the same, however many points it has."""
    count = points.groupby(["fold", *PAIR])["query_point"].transform("size")
    same = points["same"].to_numpy()
    return PointWeigher().fit(points[FEATURES], same, 1 / count.to_numpy(), params)


def build_evidence(pairs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Build one fold's evidence: a point of the query counts once per identity, at its best weight.

    An identity whose pairs have no point has 0.
    """
    names = ["query", "identity"]
    best = points[~points["random"]].groupby([*names, "query_point"])["weight"].max()
    sums = best.groupby(names).sum()
    rows = pairs.loc[~pairs["random"].astype(bool), names].drop_duplicates()
    scores = sums.reindex(pd.MultiIndex.from_frame(rows), fill_value=0.0).to_numpy(dtype=float)
    query, identity = rows["query"].to_numpy(), rows["identity"].to_numpy()
    return evidence.build(query, identity, LOCAL, {"weighted_inliers": scores})


def sum_weights(pairs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Sum the weights of each pair's points; 0 for a pair without any."""
    sums = points.groupby(PAIR)["weight"].sum()
    scores = sums.reindex(pd.MultiIndex.from_frame(pairs[PAIR]), fill_value=0.0)
    return pairs[PAIR].assign(weighted_inliers=scores.to_numpy(dtype=float))
