"""The gain of one system's held-out rankings over another's, on the same queries."""

import pandas as pd

from pipeline.evaluation import metrics, protocol
from pipeline.params import Evaluation


def compute_gain(
    first: pd.DataFrame, second: pd.DataFrame, evaluation: Evaluation
) -> dict[str, float]:
    """The gain of the second "rankings" table in MAP@5 over the first, with a paired interval.

    Only queries are compared that are in both and have the same truth in both (other folds make
    other individuals new); they are weighted to the prior anew. Raises ValueError if there are
    none.
    """
    truth = ["image", "truth"]
    both = first[[*truth, "ranking"]].merge(
        second, on=truth, suffixes=("_first", ""), validate="one_to_one"
    )
    if both.empty:
        raise ValueError("the two have no query with the same right answer in common")
    before, after = (
        metrics.precision_at_5(both["truth"], both[column].str.split(" "))
        for column in ("ranking_first", "ranking")
    )
    weights = protocol.query_weights(both["kind"], evaluation.new_whale_prior)
    interval = protocol.paired_interval(
        before, after, weights, both["cluster"], evaluation.bootstrap, evaluation.seed
    )
    means = {"first": metrics.mean(before, weights), "second": metrics.mean(after, weights)}
    return {**means, **interval, "queries": len(both)}
