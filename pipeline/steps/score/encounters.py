"""What is gained if the photographs of an encounter are answered together."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN
from pipeline.evaluation import metrics, protocol
from pipeline.evaluation.coverage import count_individuals
from pipeline.params import Evaluation
from pipeline.steps.score.score import round_scores

GAIN = (
    "{encounters} encounters of several photographs: MAP@5 {map5_of_encounters:.3f} if answered "
    "together, {map5_of_their_photographs:.3f} one by one (gain {encounter_gain:+.3f}, "
    "{encounter_gain_low:+.3f} to {encounter_gain_high:+.3f})"
)

SPLIT = (
    "the nearest photograph shows the right individual for {top1_nearest_encounters_split:.3f} of "
    "the known ones (encounters split), for {top1_nearest_photographs_split:.3f} if those of the "
    "same encounter may be compared (photographs split), which {same_encounter:.0%} have"
)


def score_encounters(
    rankings: pd.DataFrame, answers: pd.DataFrame, evaluation: Evaluation
) -> dict[str, float | str | None]:
    """MAP@5 of held-out encounters of several photographs, answered together and one by one.

    rankings, answers : the tables "rankings" and "encounter_rankings"

    Each animal of an encounter counts once, new ones with the weight of the prior. The interval is
    paired, over individuals. Nothing without such encounters, or with too few individuals.
    """
    both = rankings.merge(answers, on="image", suffixes=("", "_together"))
    if both.empty:
        return {}
    for name in ("ranking", "ranking_together"):
        both[name] = metrics.precision_at_5(both["truth"], both[name].str.split(" "))
    own = ["encounter", "truth", "kind", "cluster"]
    scores = both.groupby(own)[["ranking", "ranking_together"]].mean().reset_index()
    coverage = count_individuals(scores)
    if not (coverage.has_known or coverage.has_new):
        return {}
    kinds = coverage.name_kinds()
    if kinds != "both":
        scores = scores[(scores["kind"] == KNOWN) == (kinds == "known")]
    alone, together = (scores[name].to_numpy() for name in ("ranking", "ranking_together"))
    weights = protocol.query_weights(scores["kind"], evaluation.new_whale_prior)
    gain = protocol.paired_interval(
        *(alone, together, weights, scores["cluster"]),
        *(evaluation.bootstrap, evaluation.seed, scores["kind"]),
    )
    counted = both[["photographs", "count"]].to_numpy(float)
    card = {
        "map5_of_encounters": metrics.mean(together, weights),
        "map5_of_their_photographs": metrics.mean(alone, weights),
        "encounter_gain": gain["difference"],
        "encounter_gain_low": gain["low"],
        "encounter_gain_high": gain["high"],
        "encounter_dependence": 1 - float(np.mean(np.log(counted[:, 1]) / np.log(counted[:, 0]))),
    }
    encounters = int(both["encounter"].nunique())
    return {**round_scores(card), "encounters": encounters}


def describe(ensemble: str, card: dict[str, Any]) -> list[str]:
    """Lines of the log; none without encounters of several photographs."""
    lines = [GAIN.format(**card)] if "encounter_gain" in card else []
    lines += [SPLIT.format(**card)] if "same_encounter" in card else []
    return [f"score {ensemble}: {line}" for line in lines]
