"""The score card of one ensemble: held-out truth only, one number a key."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.evaluation import metrics, protocol, reliability
from pipeline.params import Evaluation


def score_card(rankings: pd.DataFrame, evaluated: Evaluation) -> dict[str, float | int]:
    """Scores of the held-out queries (table "rankings"), weighted to the prior, with intervals.

    `visible` is the smallest change of map5 that these queries would show in four of five studies
    if two systems' errors were unrelated; a paired comparison sees less.
    """
    lists = rankings["ranking"].str.split(" ").tolist()
    truths, weights = rankings["truth"].tolist(), rankings["weight"].to_numpy()
    precision = metrics.precision_at_5(truths, lists)
    right = metrics.hits_by_rank(truths, lists)[:, 0]
    known = (rankings["kind"] == KNOWN).to_numpy()
    drawn = protocol.bootstrap(
        weighted_mean(precision, weights), rankings["cluster"], evaluated.bootstrap, evaluated.seed
    )
    low, high = protocol.interval(drawn)
    card = {
        "map5": metrics.mean(precision, weights),
        "map5_low": low,
        "map5_high": high,
        "visible": protocol.VISIBLE * float(np.nanstd(drawn)),
        "top1": metrics.mean(right, weights),
        "top5": metrics.top(5, truths, lists, weights),
        "map5_known": metrics.mean(precision, known),
        "top1_known": metrics.mean(right, known),
        "recall_labelled_new": metrics.mean(right, rankings["kind"] == LABELLED_NEW),
        "recall_unseen": metrics.mean(right, rankings["kind"] == UNSEEN),
        "baks": metrics.balanced_accuracy(right, rankings["cluster"], known),
        "baus": metrics.balanced_accuracy(right, rankings["cluster"], ~known),
        "new_share": metrics.mean(metrics.first_is_new(lists), weights),
        "prior": evaluated.new_whale_prior,
    }
    counts = {
        f"queries_{kind}": int((rankings["kind"] == kind).sum())
        for kind in (KNOWN, LABELLED_NEW, UNSEEN)
    }
    return {name: rounded(value) for name, value in card.items()} | counts


def conflicts(table: pd.DataFrame, policy: str) -> dict[str, int | str]:
    """How many photographs the competition has under several identities, before any review, and
    the policy for those that no review settled.
    """
    return {"label_conflicts": len(table), "label_conflicts_policy": policy}


def calibration_errors(first: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, float | None]:
    """How far chances lie from what came true, on average.

    first : reliability diagram of the first answers
    pairs : diagrams of each calibrated score (column score), on pairs of query and candidate
    """
    errors = {"calibration_error": reliability.error(first)}
    for name, own in pairs.groupby("score", sort=False):
        errors[f"calibration_error_{name}"] = reliability.error(own)
    return {name: rounded(value) for name, value in errors.items()}


def verification(scores: dict[str, float | None]) -> dict[str, float | None]:
    """What `verify` said of pairs of photographs, the same for every ensemble, under its name."""
    return {f"verify_{name}": rounded(v) if v is not None else None for name, v in scores.items()}


def shots(members: list[dict[str, float | None]]) -> dict[str, float | None]:
    """The members' mean N-way K-shot accuracies with their 95 % intervals over tasks
    (<name>_low, <name>_high); null where a member has none.
    """
    table = pd.DataFrame(members, dtype=float)
    told: dict[str, float | None] = {}
    for name in [one for one in table if f"{one}_half_width" in table]:
        mean = table[name].mean(skipna=False)
        # as wide as if all had the same tasks, which those of one fold have
        margin = table[f"{name}_half_width"].mean(skipna=False)
        told |= {name: rounded(mean)}
        told |= {f"{name}_low": rounded(mean - margin), f"{name}_high": rounded(mean + margin)}
    return told


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> Callable[[np.ndarray], float]:
    """A bootstrap statistic: the weighted mean of `values` when query i is drawn times[i] times."""
    return lambda times: metrics.mean(values, weights * times)


def rounded(value: float) -> float | None:
    """Five digits, and null for what cannot be said (JSON has no NaN)."""
    return None if np.isnan(value) else round(float(value), 5)
