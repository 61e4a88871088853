"""Each score of a pair of query and candidate as the chance that both are one animal."""

import pandas as pd
from scipy.special import expit

from pipeline.data.gallery import TEST
from pipeline.evaluation import protocol
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.params import Evaluation
from pipeline.steps.ensemble.assemble import FoldEvidence, stacked
from pipeline.steps.ensemble.pairs import fitted

BEST = 10  # candidates of a query whose chances are kept, of every fold


def of_answers(
    parts: list[FoldEvidence], answered: pd.DataFrame, kind: str, evaluated: Evaluation
) -> pd.DataFrame:
    """What each score says of every query's best candidates: columns query, identity and one a
    score, the mean over the folds that were asked. Cross-fitted where the truth is known.

    answered : the ensemble's log-odds (columns query, fold, identity, log_odds)
    kind : the ensembles' calibration; isotonic where they have none
    """
    kind = "isotonic" if kind == "none" else kind
    tests = [(part.queries["kind"] == TEST).to_numpy() for part in parts]
    held = stacked([part.only(~test) for part, test in zip(parts, tests, strict=True)])
    tables = [named(held, cross_fitted(held, kind, evaluated))]
    for part, test in zip(parts, tests, strict=True):
        asked = part.only(test)
        tables.append(named(asked, fitted_on(held, asked.scores, kind, evaluated)))
    keys = ["query", "identity"]
    order = answered.sort_values("log_odds", ascending=False, kind="stable")
    best = order[order.groupby(["query", "fold"]).cumcount() < BEST][keys].drop_duplicates()
    return pd.concat(tables).merge(best, on=keys).groupby(keys, as_index=False).mean()


def named(evidence: FoldEvidence, scores: pd.DataFrame) -> pd.DataFrame:
    """The scores of candidates with the query's image and the identity."""
    query = evidence.queries["image"].to_numpy()[evidence.query]
    return scores.assign(query=query, identity=evidence.identity)


def cross_fitted(held: FoldEvidence, kind: str, evaluated: Evaluation) -> pd.DataFrame:
    """Held-out candidates' chances, n x s: a calibration that never saw the query says each."""
    found = pd.DataFrame(0.0, index=held.scores.index, columns=held.scores.columns)
    for fit, score in CrossFit(held.queries["group"], evaluated.crossfit, evaluated.seed):
        rows = score[held.query]
        found.loc[rows] = fitted_on(held.only(fit), held.scores[rows], kind, evaluated)
    return found


def fitted_on(
    held: FoldEvidence, scores: pd.DataFrame, kind: str, evaluated: Evaluation
) -> pd.DataFrame:
    """Chances of `scores` (n x s), by what held-out queries teach."""
    weights = protocol.query_weights(held.queries["kind"], evaluated.new_whale_prior)
    same, each = held.choices(weights).right, weights[held.query]
    columns = {
        name: expit(fitted(kind, values.to_numpy(), same, each).log_odds(scores[name].to_numpy()))
        for name, values in held.scores.items()
    }
    return pd.DataFrame(columns, index=scores.index)
