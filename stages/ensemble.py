"""Blend the evidence of one ensemble's members into log-odds."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.ensemble import ensemble
from pipeline.steps.ensemble.assemble import select_tests, stack_held_out
from pipeline.steps.ensemble.blend import Blend
from pipeline.steps.ensemble.diagrams import build_pair_diagrams
from pipeline.steps.ensemble.load import load_fold_evidence
from pipeline.steps.ensemble.source_probabilities import compute_source_probabilities
from pipeline.system.start import run


def main(name: str) -> None:
    p = params.load()
    recipe = p.ensembles[name]
    folds = artefacts.load_folds()
    duplicates = ensemble.label_duplicates(artefacts.load_duplicates(), folds)
    evidence = load_fold_evidence(recipe, p.folds.trained, folds)
    blend = Blend(recipe, p.ensemble, p.evaluation, select_tests(evidence))
    log_odds = ensemble.score_queries(evidence, blend, duplicates)
    kind = p.ensemble.calibration
    diagram = build_pair_diagrams(stack_held_out(evidence), kind, p.evaluation)
    probabilities = compute_source_probabilities(evidence, log_odds, kind, p.evaluation)
    tables.write_csv(diagram, paths.calibration(name))
    tables.write_parquet(log_odds, paths.log_odds(name))
    tables.write_parquet(probabilities, paths.source_probabilities(name))


if __name__ == "__main__":
    run(main)
