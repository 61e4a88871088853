"""How true each calibrated score's chances are, on pairs that its calibration never saw."""

import numpy as np
import pandas as pd
from scipy.special import expit

from pipeline import evaluation, reliability
from pipeline.ensemble.assemble import FoldEvidence
from pipeline.ensemble.pairs import fitted
from pipeline.params import Evaluation

COLUMNS = ["score", "chance", "right", "share"]


def pair_diagrams(held: FoldEvidence, kind: str, evaluated: Evaluation) -> pd.DataFrame:
    """A reliability diagram a score (see `reliability.diagram`), cross-fitted over the queries.

    Empty where `kind`, the ensembles' calibration, is none.
    """
    if kind == "none":
        return pd.DataFrame(columns=COLUMNS)
    part = evaluation.crossfit_parts(held.queries["group"], evaluated.crossfit, evaluated.seed)
    weights = evaluation.query_weights(held.queries["kind"], evaluated.new_whale_prior)
    same, each = held.choices(weights).right, weights[held.query]
    tables = []
    for name, values in held.scores.items():
        scores, chance = values.to_numpy(), np.empty(len(values))
        for one in np.unique(part):
            own = part[held.query] == one
            calibration = fitted(kind, scores[~own], same[~own], each[~own])
            chance[own] = expit(calibration.log_odds(scores[own]))
        table = reliability.diagram(chance, same, each, reliability.PAIRS)
        tables.append(table.assign(score=name)[COLUMNS])
    return pd.concat(tables, ignore_index=True)
