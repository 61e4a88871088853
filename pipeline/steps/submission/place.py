"""From log-odds to the first five labels, new_whale among them.

Each member's posterior is the softmax over its candidates and new_whale. Several members' answers
to one test photograph are averaged as posteriors: averaging scores first breaks every threshold.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import calibration, protocol
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.params import Evaluation, NewWhale
from pipeline.steps.submission import shift as shifts

Comparable = set[tuple[str, str]]  # (side, identity), see `sides.comparable`


def place_held_out(
    log_odds: pd.DataFrame, queries: pd.DataFrame, params: NewWhale, evaluated: Evaluation
) -> pd.DataFrame:
    """Posteriors of the held-out queries; a shift fitted on some parts places the others'."""
    prior = evaluated.new_whale_prior
    placed = []
    for fit, score in CrossFit(queries["group"], evaluated.crossfit, evaluated.seed):
        rows = log_odds["query"].isin(queries["image"][fit])
        shift = _shift(log_odds[rows], queries[fit], params, prior)
        scored = log_odds["query"].isin(queries["image"][score])
        placed.append(posteriors(log_odds[scored], shift, {}, {}))
    return pd.concat(placed, ignore_index=True)


def place_test(
    log_odds: pd.DataFrame,
    held_out: pd.DataFrame,
    queries: pd.DataFrame,
    params: NewWhale,
    prior: float,
    galleries: dict[int, Comparable],
    side: dict[str, str],
) -> pd.DataFrame:
    """Posteriors of the test queries, with the shift fitted on all held-out ones.

    log_odds, held_out : candidate rows of the test and of the held-out queries
    queries : the held-out queries
    galleries : who can be found in each fold's gallery (`sides.comparable`)
    side : of every photograph whose side is known
    """
    shift = _shift(held_out, queries, params, prior)
    return posteriors(log_odds, shift, galleries, side)


def _shift(log_odds: pd.DataFrame, queries: pd.DataFrame, params: NewWhale, prior: float) -> float:
    """The shift fitted on these queries, new ones weighted to the prior among them."""
    weights = protocol.query_weights(queries["kind"], prior)
    return shifts.chosen(params, shifts.answered(log_odds, queries.assign(weight=weights)), prior)


def posteriors(
    log_odds: pd.DataFrame, shift: float, galleries: dict[int, Comparable], side: dict[str, str]
) -> pd.DataFrame:
    """Columns query, identity, posterior: every query's answers with new_whale among them.

    A query that several folds answered gets the mean posterior. An identity that a fold's gallery
    lacks, or shows from another side only, is missing there, not 0: its mean is taken over the
    folds that have it.
    """
    member, _ = pd.factorize(pd.MultiIndex.from_frame(log_odds[["query", "fold"]]))
    count = member.max(initial=-1) + 1
    each, new, _ = calibration.softmax(log_odds["log_odds"].to_numpy(), shift, member, count)
    known = log_odds[["query", "fold", "identity"]].assign(posterior=each)
    first = log_odds[["query", "fold"]].assign(member=member).drop_duplicates("member")
    fresh = first[["query", "fold"]].assign(identity=NEW_WHALE, posterior=new)
    return _averaged(pd.concat([known, fresh], ignore_index=True), galleries, side)


def _averaged(
    table: pd.DataFrame, galleries: dict[int, Comparable], side: dict[str, str]
) -> pd.DataFrame:
    """Mean over the folds that could have given the answer."""
    summed = table.groupby(["query", "identity"], sort=False)["posterior"].agg(["sum", "count"])
    summed = summed.reset_index()
    folds = table.groupby("query")["fold"].nunique().loc[summed["query"]].to_numpy()
    having = folds
    if galleries:
        own = [
            (side.get(query, ""), name) for query, name in summed[["query", "identity"]].to_numpy()
        ]
        having = np.array([sum(pair in able for able in galleries.values()) for pair in own], int)
    # a query may be answered by fewer folds than have the identity, and a copy's label by more
    able = np.maximum(np.minimum(having, folds), summed["count"])
    able = np.where(summed["identity"] == NEW_WHALE, folds, able)
    return pd.DataFrame(
        {
            "query": summed["query"],
            "identity": summed["identity"],
            "posterior": summed["sum"] / able,
        }
    )


def rankings(posterior: pd.DataFrame, filler: Sequence[str]) -> pd.Series:
    """Each query's first five distinct labels (a list, by query), best first; ties by label.

    `filler` is the vocabulary, likeliest first: it completes a short list.
    """
    table = posterior.sort_values(["query", "posterior", "identity"], ascending=[True, False, True])
    first = table[table.groupby("query").cumcount() < shifts.LENGTH]
    lists = first.groupby("query")["identity"].agg(list)
    return lists.map(lambda own: _completed(own, filler))


def _completed(own: list[str], filler: Sequence[str]) -> list[str]:
    others = (label for label in filler if label not in own)
    wanted = max(0, shifts.LENGTH - len(own))
    return own + [label for label, _ in zip(others, range(wanted), strict=False)]
