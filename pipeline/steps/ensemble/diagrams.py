"""How true each calibrated score's chances are, on pairs that its calibration never saw."""

import pandas as pd

from pipeline.evaluation import protocol, reliability
from pipeline.params import Evaluation
from pipeline.steps.ensemble import source_probabilities
from pipeline.steps.ensemble.assemble import FoldEvidence

COLUMNS = ["score", "probability", "frequency", "fraction"]


def pair_diagrams(held: FoldEvidence, kind: str, evaluated: Evaluation) -> pd.DataFrame:
    """A reliability diagram a score (see `reliability.diagram`), cross-fitted over the queries.

    Empty where `kind`, the ensembles' calibration, is none.
    """
    if kind == "none":
        return pd.DataFrame(columns=COLUMNS)
    weights = protocol.query_weights(held.queries["kind"], evaluated.new_whale_prior)
    same, each = held.choices(weights).right, weights[held.query]
    tables = []
    for name, chance in source_probabilities.cross_fitted(held, kind, evaluated).items():
        table = reliability.diagram(chance.to_numpy(), same, each, reliability.PAIRS)
        tables.append(table.assign(score=name)[COLUMNS])
    return pd.concat(tables, ignore_index=True)
