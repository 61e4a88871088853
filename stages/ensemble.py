"""Blend the evidence of one ensemble's members into log-odds."""

import sys

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.ensemble import diagrams, ensemble, source_probabilities
from pipeline.steps.ensemble.load import load_fold_evidence


def main(name: str) -> None:
    p = params.load()
    recipe = p.ensembles[name]
    folds = artefacts.load_folds()
    parts = load_fold_evidence(recipe, p.folds.trained, folds)
    twins = ensemble.labelled_twins(artefacts.load_duplicates(), folds)
    table = ensemble.answer(parts, recipe, p.ensemble, p.evaluation, twins)
    kind = p.ensemble.calibration
    sure = diagrams.pair_diagrams(ensemble.held_out(parts), kind, p.evaluation)
    tables.write_csv(sure, paths.calibration(name))
    tables.write_parquet(table, paths.posteriors(name))
    said = source_probabilities.of_answers(parts, table, kind, p.evaluation)
    tables.write_parquet(said, paths.source_probabilities(name))


if __name__ == "__main__":
    main(*sys.argv[1:])
