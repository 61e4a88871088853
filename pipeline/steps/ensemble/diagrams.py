"""Reliability diagrams of each calibrated score, on pairs that its calibration never saw."""

import pandas as pd

from pipeline.evaluation import protocol, reliability
from pipeline.evaluation.coverage import count_individuals
from pipeline.params import Evaluation
from pipeline.steps.ensemble.assemble import FoldEvidence
from pipeline.steps.ensemble.source_probabilities import cross_fit_probabilities

COLUMNS = ["score", "probability", "frequency", "fraction"]


def build_pair_diagrams(held_out: FoldEvidence, kind: str, evaluation: Evaluation) -> pd.DataFrame:
    """One cross-fitted reliability diagram per score (see `reliability.build_diagram`).

    Empty if `kind`, the ensembles' calibration, is none, and without queries of both kinds.
    """
    if kind == "none" or not count_individuals(held_out.queries).is_complete:
        return pd.DataFrame(columns=COLUMNS)
    weights = protocol.query_weights(held_out.queries["kind"], evaluation.new_whale_prior)
    same, pair_weights = held_out.to_choices(weights).right, weights[held_out.query]
    tables = []
    for name, probability in cross_fit_probabilities(held_out, kind, evaluation).items():
        fitted = probability.notna().to_numpy()
        table = reliability.build_diagram(
            probability[fitted].to_numpy(), same[fitted], pair_weights[fitted], reliability.PAIRS
        )
        tables.append(table.assign(score=str(name))[COLUMNS])
    return pd.concat(tables, ignore_index=True)
