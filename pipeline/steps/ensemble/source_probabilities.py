"""Each source's score as the probability that query and candidate are one animal."""

import numpy as np
import pandas as pd
from scipy.special import expit

from pipeline.evaluation import protocol
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.params import Evaluation
from pipeline.steps.ensemble.assemble import FoldEvidence, stack_held_out
from pipeline.steps.ensemble.missing_kinds import add_new_queries, has_known
from pipeline.steps.ensemble.pair_calibration import fit_calibration

TOP = 10  # candidates per query and fold whose probabilities are stored


def compute_source_probabilities(
    folds: list[FoldEvidence], log_odds: pd.DataFrame, kind: str, evaluation: Evaluation
) -> pd.DataFrame:
    """Columns query, identity and one per score: probabilities of every query's best candidates.

    Each is the mean over the folds that scored the query; held-out queries are cross-fitted.

    log_odds : the ensemble's table (columns query, fold, identity, log_odds)
    kind : the ensembles' calibration; isotonic is used if they have none
    """
    kind = "isotonic" if kind == "none" else kind
    held_out = stack_held_out(folds)
    tables = [name_candidates(held_out, cross_fit_probabilities(held_out, kind, evaluation))]
    for fold in folds:
        test = fold.select(fold.is_test)
        fitted = fit_probabilities(held_out, test.scores, kind, evaluation)
        tables.append(name_candidates(test, fitted))
    keys = ["query", "identity"]
    order = log_odds.sort_values("log_odds", ascending=False, kind="stable")
    best = order[order.groupby(["query", "fold"]).cumcount() < TOP][keys].drop_duplicates()
    return pd.concat(tables).merge(best, on=keys).groupby(keys, as_index=False).mean()


def name_candidates(evidence: FoldEvidence, scores: pd.DataFrame) -> pd.DataFrame:
    """The scores of candidates with the query's image and the identity."""
    query = evidence.queries["image"].to_numpy()[evidence.query]
    return scores.assign(query=query, identity=evidence.identity)


def cross_fit_probabilities(
    held_out: FoldEvidence, kind: str, evaluation: Evaluation
) -> pd.DataFrame:
    """Probabilities of held-out candidates, n x s, by calibrations that never saw the query."""
    scores, queries = held_out.scores, held_out.queries
    probabilities = pd.DataFrame(0.0, index=scores.index, columns=scores.columns)
    for fit, score in CrossFit(queries["group"], evaluation.crossfit, evaluation.seed):
        rows = score[held_out.query]
        fitted = fit_probabilities(held_out.select(fit), scores[rows], kind, evaluation)
        probabilities.loc[rows] = fitted
    return probabilities


def fit_probabilities(
    held_out: FoldEvidence, scores: pd.DataFrame, kind: str, evaluation: Evaluation
) -> pd.DataFrame:
    """Probabilities of `scores` (n x s), by calibrations that are fitted on held-out queries.

    NaN without known queries: no pair shows one animal.
    """
    if not has_known(held_out):
        return pd.DataFrame(np.nan, index=scores.index, columns=scores.columns)
    held_out = add_new_queries(held_out)
    weights = protocol.query_weights(held_out.queries["kind"], evaluation.new_whale_prior)
    same, pair_weights = held_out.to_choices(weights).right, weights[held_out.query]
    columns = {}
    for name, values in held_out.scores.items():
        calibration = fit_calibration(kind, values.to_numpy(), same, pair_weights)
        columns[name] = expit(calibration.log_odds(scores[name].to_numpy()))
    return pd.DataFrame(columns, index=scores.index)
