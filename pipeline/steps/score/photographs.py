"""How well the photographs of known individuals are found: Where's Whale-do's score.

A held-out query is searched in its gallery. That has no photograph of the query's encounter, as the
competition's databases have none: theirs have one photograph per individual and encounter.
"""

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN, count_of_truth
from pipeline.data.tables import is_pseudo
from pipeline.evaluation import metrics, protocol
from pipeline.evaluation.coverage import count_individuals
from pipeline.evaluation.photograph_precision import average_precision
from pipeline.params import Evaluation
from pipeline.steps.score.formats import MEASURES, REASONS
from pipeline.steps.score.score import round_scores, weighted_mean_statistic

NAME = MEASURES["photographs"]


def score_photographs(
    rankings: pd.DataFrame, found: pd.DataFrame, folds: pd.DataFrame, evaluation: Evaluation
) -> dict[str, float | str | None]:
    """The mean average precision at 20 of known individuals' held-out queries, with its interval.

    rankings, folds : the tables of these names
    found : columns query, photograph, best first
    """
    known = rankings[rankings["kind"] == KNOWN].reset_index(drop=True)
    if not count_individuals(known).has_known:
        reason = REASONS["photographs"]
        return {
            NAME: None,
            f"{NAME}_low": None,
            f"{NAME}_high": None,
            f"not_measured_{NAME}": reason,
        }
    precision = measure_precision(known, found, folds)
    samples = protocol.bootstrap(
        weighted_mean_statistic(precision, np.ones(len(known)), known["kind"] == KNOWN),
        known["cluster"],
        evaluation.bootstrap,
        evaluation.seed,
    )
    low, high = protocol.percentile_interval(samples)
    mean = metrics.mean(precision, np.ones(len(known)))
    return round_scores({NAME: mean, f"{NAME}_low": low, f"{NAME}_high": high})


def measure_precision(known: pd.DataFrame, found: pd.DataFrame, folds: pd.DataFrame) -> np.ndarray:
    """The average precision at 20 of q held-out queries of known individuals.

    known : q rows of the table "rankings"
    """
    labels = folds[~is_pseudo(folds)].set_index("image")["identity"]
    row = pd.Index(known["image"]).get_indexer(pd.Index(found["query"]))
    rank = found.groupby("query").cumcount().to_numpy()
    right = labels[found["photograph"]].to_numpy() == known["truth"].to_numpy()[row]
    hits = np.zeros((len(known), rank.max(initial=0) + 1), bool)
    hits[row, rank] = right
    return average_precision(hits, count_of_truth(folds, known))
