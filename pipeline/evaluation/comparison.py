"""Whether one system's held-out rankings are better than another's, on the same queries."""

import pandas as pd

from pipeline.evaluation import metrics, protocol
from pipeline.params import Evaluation


def gain(first: pd.DataFrame, second: pd.DataFrame, settings: Evaluation) -> dict[str, float]:
    """The second "rankings" table's gain in MAP@5 over the first's, with a paired interval.

    Only queries are compared that both answered and that have the same right answer in both (other
    folds make other individuals new); they are weighted to the prior anew. Raises ValueError where
    there is none.
    """
    truth = ["image", "truth"]
    both = first[[*truth, "ranking"]].merge(
        second, on=truth, suffixes=("_first", ""), validate="one_to_one"
    )
    if both.empty:
        raise ValueError("the two have no query with the same right answer in common")
    scores = [
        metrics.precision_at_5(both["truth"], both[column].str.split(" ").tolist())
        for column in ("ranking_first", "ranking")
    ]
    weights = protocol.query_weights(both["kind"], settings.new_whale_prior)
    found = protocol.paired_interval(
        *scores, weights, both["cluster"], settings.bootstrap, settings.seed
    )
    means = {
        name: metrics.mean(score, weights)
        for name, score in zip(("first", "second"), scores, strict=True)
    }
    return {**means, **found, "queries": len(both)}
