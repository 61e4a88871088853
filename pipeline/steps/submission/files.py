"""The tables of an ensemble's answers, which later stages and commands read."""

from pipeline import paths
from pipeline.data import tables
from pipeline.steps.submission.submission import Answers


def write_tables(answers: Answers, ensemble: str) -> None:
    """Write all but the submission itself."""
    tables.write("rankings", answers.held_out, paths.rankings(ensemble))
    tables.write("test_rankings", answers.tabulate_test(), paths.test_rankings(ensemble))
    tables.write("clusters", answers.clusters, paths.clusters(ensemble))
    tables.write("encounter_rankings", answers.encounters, paths.encounter_rankings(ensemble))
    tables.write_csv(answers.curve, paths.shift_curve(ensemble))
    tables.write_parquet(answers.posteriors, paths.posteriors(ensemble))
