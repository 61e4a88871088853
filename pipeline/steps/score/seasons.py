"""What a score card says of folds by time: which seasons were held out, and how much was new."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.data.gallery import KNOWN
from pipeline.data.seasons import name_season
from pipeline.steps.score.score import round_score

BY_TIME = (
    "by time: photographs {season}, compared with earlier ones alone; {season_new:.0%} show no "
    "individual that is known from these (evaluation.new_whale_prior: {prior:.0%})"
)


def describe_seasons(
    rankings: pd.DataFrame, first_days: Sequence[str]
) -> dict[str, str | float | None]:
    """The seasons of the held-out queries (table "rankings"), and the fraction of new ones.

    first_days : `folds.seasons`; without any, nothing
    """
    if not first_days:
        return {}
    held_out = sorted(set(rankings["fold"]), reverse=True)
    return {
        "season": " and ".join(name_season(season, first_days) for season in held_out),
        "season_new": round_score(float((rankings["kind"] != KNOWN).mean())),
    }


def describe(ensemble: str, card: dict[str, Any]) -> list[str]:
    """Lines of the log; none if folds are at random."""
    return [f"score {ensemble}: {BY_TIME.format(**card)}"] if "season" in card else []
