"""The gain of one system's held-out rankings over another's, on the same queries."""

from typing import Any

import pandas as pd

from pipeline.data.gallery import KNOWN
from pipeline.evaluation import metrics, protocol
from pipeline.evaluation.coverage import count_individuals
from pipeline.params import Evaluation


def compute_gain(
    first: pd.DataFrame, second: pd.DataFrame, evaluation: Evaluation
) -> dict[str, Any]:
    """The gain of the second "rankings" table in MAP@5 over the first, with a paired interval.

    Only queries are compared that are in both and have the same truth in both (other folds make
    other individuals new); they are weighted to the prior anew. `kinds` is what they measure:
    "both", or "known" or "new" if the other kind is missing. Raises ValueError if there are none,
    or too few individuals of either kind.
    """
    truth = ["image", "truth"]
    both = first[[*truth, "ranking"]].merge(
        second, on=truth, suffixes=("_first", ""), validate="one_to_one"
    )
    if both.empty:
        raise ValueError("the two have no query with the same right answer in common")
    kinds = count_individuals(both).name_kinds()
    if kinds != "both":
        both = both[(both["kind"] == KNOWN) == (kinds == "known")]
    before, after = (
        metrics.precision_at_5(both["truth"], both[column].str.split(" "))
        for column in ("ranking_first", "ranking")
    )
    weights = protocol.query_weights(both["kind"], evaluation.new_whale_prior)
    interval = protocol.paired_interval(
        *(before, after, weights, both["cluster"]),
        *(evaluation.bootstrap, evaluation.seed, both["kind"]),
    )
    means = {"first": metrics.mean(before, weights), "second": metrics.mean(after, weights)}
    return {**means, **interval, "queries": len(both), "kinds": kinds}
