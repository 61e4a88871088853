"""The score card of one ensemble: held-out truth only, one number per key."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.evaluation import metrics, protocol, reliability
from pipeline.evaluation.coverage import MIN_INDIVIDUALS, count_individuals, weigh_both_kinds
from pipeline.params import Evaluation

NOT_MEASURED = "not_measured"  # the card's key for the reason
NOT_CONVERGED = "not_converged"  # the card's key for the members that have not
LEFT_OUT = (
    "{left_out_train} photographs of the training and {left_out_test} of the test can't be read "
    "and are left out"
)
UNKNOWN = (
    "held-out photographs grouped without their labels: adjusted Rand index {unknown_ari:.3f}, "
    "{unknown_precision:.0%} of the pairs right, {unknown_recall:.0%} of the right ones found"
)
SCORE = "held-out MAP@5 {map5:.3f} ({map5_low:.3f} to {map5_high:.3f})"


def compute_score_card(
    rankings: pd.DataFrame, evaluation: Evaluation
) -> dict[str, float | str | None]:
    """Scores of the held-out queries (table "rankings"), weighted to the prior, with intervals.

    `visible` is the smallest change of map5 that these queries would show in four of five studies
    if two systems' errors were unrelated; a paired comparison detects smaller ones. A score is null
    if the queries show fewer than two individuals of its kinds; NOT_MEASURED then says why.
    """
    lists = rankings["ranking"].str.split(" ").tolist()
    right = metrics.hits_by_rank(rankings["truth"].tolist(), lists)[:, 0]
    card = {
        **score_both_kinds(rankings, lists, evaluation),
        **score_kinds(rankings, lists, right),
        "new_share": metrics.mean(metrics.first_is_new(lists), weigh_both_kinds(rankings)),
        "prior": evaluation.new_whale_prior,
    }
    counts = {
        f"queries_{kind}": int((rankings["kind"] == kind).sum())
        for kind in (KNOWN, LABELLED_NEW, UNSEEN)
    }
    reason = explain_missing(rankings)
    return {
        **{name: round_score(value) for name, value in card.items()},
        **counts,
        **({NOT_MEASURED: reason} if reason else {}),
    }


def explain_missing(rankings: pd.DataFrame) -> str:
    """What the held-out queries (table "rankings") do not measure, and why; "" if nothing."""
    return count_individuals(rankings).explain()


def score_both_kinds(
    rankings: pd.DataFrame, lists: list[list[str]], evaluation: Evaluation
) -> dict[str, float]:
    """Scores over known and new individuals; NaN unless both are measured."""
    truths, weights = rankings["truth"].tolist(), weigh_both_kinds(rankings)
    precision = metrics.precision_at_5(truths, lists)
    low, high, deviation = np.nan, np.nan, np.nan
    if weights.any():
        statistic = weighted_mean_statistic(precision, weights, rankings["kind"] == KNOWN)
        samples = protocol.bootstrap(
            statistic, rankings["cluster"], evaluation.bootstrap, evaluation.seed
        )
        low, high = protocol.percentile_interval(samples)
        deviation = float(np.nanstd(samples))
    return {
        "map5": metrics.mean(precision, weights),
        "map5_low": low,
        "map5_high": high,
        "visible": protocol.VISIBLE * deviation,
        "top1": metrics.top_k(1, truths, lists, weights),
        "top5": metrics.top_k(5, truths, lists, weights),
    }


def score_kinds(
    rankings: pd.DataFrame, lists: list[list[str]], right: np.ndarray
) -> dict[str, float]:
    """Scores of one kind each; NaN for a kind with too few individuals."""
    precision, clusters = metrics.precision_at_5(rankings["truth"], lists), rankings["cluster"]
    kinds = {
        kind: select_measured((rankings["kind"] == kind).to_numpy(), clusters)
        for kind in (KNOWN, LABELLED_NEW, UNSEEN)
    }
    known = kinds[KNOWN]
    new = select_measured((rankings["kind"] != KNOWN).to_numpy(), clusters)
    return {
        "map5_known": metrics.mean(precision, known),
        "top1_known": metrics.mean(right, known),
        "recall_labelled_new": metrics.mean(right, kinds[LABELLED_NEW]),
        "recall_unseen": metrics.mean(right, kinds[UNSEEN]),
        "baks": metrics.balanced_accuracy(right, clusters, known),
        "baus": metrics.balanced_accuracy(right, clusters, new),
    }


def select_measured(chosen: np.ndarray, clusters: pd.Series) -> np.ndarray:
    """The chosen queries (bool), or none of them if they show too few individuals."""
    return chosen & (clusters[chosen].nunique() >= MIN_INDIVIDUALS)


def summarise_conflicts(table: pd.DataFrame, policy: str) -> dict[str, int | str]:
    """The number of photographs that the competition has under several identities.

    They are counted before any review; `policy` is for those that no review settled.
    """
    return {"label_conflicts": len(table), "label_conflicts_policy": policy}


def count_left_out(table: pd.DataFrame) -> dict[str, int]:
    """The photographs of training and test that can't be read, if there are any.

    table : table "left_out"
    """
    counts = {split: int((table["where"] == split).sum()) for split in ("train", "test")}
    return {f"left_out_{split}": n for split, n in counts.items()} if any(counts.values()) else {}


def compute_calibration_errors(first: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, float | None]:
    """The mean distance of stated probabilities from observed frequencies.

    first : reliability diagram of the first answers
    pairs : diagrams of each calibrated score (column score), on pairs of query and candidate
    """
    errors = {"calibration_error": reliability.calibration_error(first)}
    for name, diagram in pairs.groupby("score", sort=False):
        errors[f"calibration_error_{name}"] = reliability.calibration_error(diagram)
    return {name: round_score(value) for name, value in errors.items()}


def name_verify_scores(scores: dict[str, float | None], prefix: str) -> dict[str, float | None]:
    """Scores of the stage `verify`, the same for every ensemble, with a prefix.

    verify: of pairs with the gallery; unknown: of held-out photographs grouped without their labels
    """
    return {
        f"{prefix}_{name}": None if value is None else round_score(value)
        for name, value in scores.items()
    }


def average_few_shot_accuracy(members: list[dict[str, float | None]]) -> dict[str, float | None]:
    """The members' mean N-way K-shot accuracies with their 95 % intervals over episodes.

    Keys <name>, <name>_low and <name>_high; null if a member has no accuracy.
    """
    table = pd.DataFrame(members, dtype=float)
    scores: dict[str, float | None] = {}
    for name in [str(column) for column in table if f"{column}_half_width" in table]:
        mean = table[name].mean(skipna=False)
        # as wide as if all had the same episodes, which those of one fold have
        half_width = table[f"{name}_half_width"].mean(skipna=False)
        scores |= {
            name: round_score(mean),
            f"{name}_low": round_score(mean - half_width),
            f"{name}_high": round_score(mean + half_width),
        }
    return scores


def summarise_training(members: dict[str, dict[str, Any]]) -> dict[str, float | str | None]:
    """What the members' trainings (see `train.summarise`) showed, by the member that saw least.

    `training_fit` is null if no member's could be measured; NOT_CONVERGED names the members that
    have not converged, if there are any.
    """
    fits = [summary["fit"] for summary in members.values() if summary["fit"] is not None]
    names: dict[str, list[str]] = {}  # by reason
    for name, summary in members.items():
        if reason := summary["not_converged"]:
            names.setdefault(reason, []).append(f"{name} (training fit {summary['fit']:.2f})")
    text = "; ".join(f"{', '.join(several)}: {reason}" for reason, several in names.items())
    return {
        "views_per_identity": min(summary["views_per_identity"] for summary in members.values()),
        "training_fit": min(fits, default=None),
        **({NOT_CONVERGED: text} if text else {}),
    }


def describe(ensemble: str, card: dict[str, Any]) -> str:
    """One line of the log: the held-out MAP@5, or why it is not measured.

    Another one if members have not converged, and if photographs are left out.
    """
    lines = [card.get(NOT_MEASURED) or SCORE.format(**card)]
    if NOT_CONVERGED in card:
        lines.append(f"not converged: {card[NOT_CONVERGED]}")
    if None not in [card.get(f"unknown_{name}") for name in ("ari", "precision", "recall")]:
        lines.append(UNKNOWN.format(**card))
    if "left_out_train" in card:
        lines.append(LEFT_OUT.format(**card))
    return "\n".join(f"score {ensemble}: {line}" for line in lines)


def weighted_mean_statistic(
    values: np.ndarray, weights: np.ndarray, is_known: npt.ArrayLike
) -> Callable[[np.ndarray], float]:
    """A statistic for the bootstrap: the weighted mean if query i is sampled times[i] times."""
    known = np.asarray(is_known)
    return lambda times: metrics.mean(values, protocol.resample_weights(weights, known, times))


def round_scores(scores: Mapping[str, float | str]) -> dict[str, float | str | None]:
    """Rounded numbers, null for NaN; texts stay."""
    return {
        name: value if isinstance(value, str) else round_score(value)
        for name, value in scores.items()
    }


def round_score(value: float) -> float | None:
    """Five digits, and null for NaN, which JSON does not have."""
    return None if np.isnan(value) else round(float(value), 5)
