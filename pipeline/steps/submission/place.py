"""From log-odds to the first five labels, new_whale among them.

The posterior of each member is the softmax over its candidates and new_whale. The answers of
several members to one test photograph are averaged as posteriors: averaging scores first breaks
every threshold.
"""

from collections.abc import Callable, Sequence

import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import calibration, protocol
from pipeline.evaluation.coverage import count_individuals
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.params import Evaluation, NewWhale
from pipeline.steps.submission import shift as shifts

# what is made of candidate rows and of the log-odds that are added to new_whale
Apply = Callable[[pd.DataFrame, float], pd.DataFrame]


def place_held_out(
    log_odds: pd.DataFrame,
    queries: pd.DataFrame,
    params: NewWhale,
    evaluation: Evaluation,
    apply: Apply,
) -> pd.DataFrame:
    """Apply to the rows of each part of the held-out queries a shift fitted on the other parts."""
    prior = evaluation.new_whale_prior
    placed = []
    for fit, score in CrossFit(queries["group"], evaluation.crossfit, evaluation.seed):
        rows = log_odds["query"].isin(queries["image"][fit])
        shift = _fit_shift(log_odds[rows], queries[fit], params, prior)
        scored = log_odds["query"].isin(queries["image"][score])
        placed.append(apply(log_odds[scored], shift))
    return pd.concat(placed, ignore_index=True)


def place_test(
    log_odds: pd.DataFrame,
    held_out: pd.DataFrame,
    queries: pd.DataFrame,
    params: NewWhale,
    prior: float,
    apply: Apply,
) -> pd.DataFrame:
    """Apply to the rows of the test queries the shift fitted on all held-out ones.

    log_odds, held_out : candidate rows of the test and of the held-out queries
    queries : the held-out queries
    """
    shift = _fit_shift(held_out, queries, params, prior)
    return apply(log_odds, shift)


def _fit_shift(
    log_odds: pd.DataFrame, queries: pd.DataFrame, params: NewWhale, prior: float
) -> float:
    """The shift fitted on these queries, new ones weighted to the prior among them.

    Without queries of both kinds there is nothing to fit, and log-odds are taken as they are.
    """
    if params.method != "fixed" and not count_individuals(queries).is_complete:
        return 0.0
    weights = protocol.query_weights(queries["kind"], prior)
    top = shifts.collect_top_candidates(log_odds, queries.assign(weight=weights))
    if params.method == "balanced":
        return shifts.sweep_balanced(top, queries["cluster"])
    return shifts.fit_shift(params, top, prior)


def subtract_shift(log_odds: pd.DataFrame, shift: float) -> pd.DataFrame:
    """The candidate rows with log-odds against new_whale as it is placed."""
    return log_odds.assign(log_odds=log_odds["log_odds"] - shift)


def compute_posteriors(log_odds: pd.DataFrame, shift: float) -> pd.DataFrame:
    """Columns query, identity, posterior: the candidates of every query, new_whale among them.

    A query that several folds scored gets the mean posterior. All of them compared it with one
    gallery: a candidate that a fold leaves out was not among its best, and has 0 there.
    """
    member, _ = pd.factorize(pd.MultiIndex.from_frame(log_odds[["query", "fold"]]))
    count = member.max(initial=-1) + 1
    posterior, new, _ = calibration.softmax(log_odds["log_odds"].to_numpy(), shift, member, count)
    known = log_odds[["query", "fold", "identity"]].assign(posterior=posterior)
    first = log_odds[["query", "fold"]].assign(member=member).drop_duplicates("member")
    new_rows = first[["query", "fold"]].assign(identity=NEW_WHALE, posterior=new)
    return _average_folds(pd.concat([known, new_rows], ignore_index=True))


def _average_folds(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over the folds that scored the query."""
    summed = table.groupby(["query", "identity"], sort=False)["posterior"].sum().reset_index()
    folds = table.groupby("query")["fold"].nunique().loc[summed["query"]].to_numpy()
    return summed.assign(posterior=summed["posterior"] / folds)


def rank_labels(posterior: pd.DataFrame, filler: Sequence[str]) -> pd.Series:
    """Each query's first five distinct labels (a list, by query), best first; ties by label.

    `filler` is the vocabulary, likeliest first: it completes a short list.
    """
    table = posterior.sort_values(["query", "posterior", "identity"], ascending=[True, False, True])
    first = table[table.groupby("query").cumcount() < shifts.LENGTH]
    rankings = first.groupby("query")["identity"].agg(list)
    return rankings.map(lambda labels: _complete(labels, filler))


def _complete(labels: list[str], filler: Sequence[str]) -> list[str]:
    others = (label for label in filler if label not in labels)
    missing = max(0, shifts.LENGTH - len(labels))
    return labels + [label for label, _ in zip(others, range(missing), strict=False)]
