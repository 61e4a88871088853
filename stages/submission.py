"""Place new_whale and write the CSV of one ensemble."""

import sys

import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.submission import submission


def main(name: str) -> None:
    p = params.load()
    recipe = p.ensembles[name]
    sample = artefacts.load_sample()
    answers = submission.place(
        pd.read_parquet(paths.posteriors(name)),
        artefacts.load_folds(),
        recipe.fold_list(p.folds.trained),
        recipe.new_whale,
        p.submission,
        p.evaluation,
        artefacts.load_viewpoints(),
        sample,
    )
    tables.write("rankings", answers.held_out, paths.rankings(name))
    tables.write_csv(answers.curve, paths.shift_curve(name))
    tables.write_parquet(answers.posteriors, paths.placed_posteriors(name))
    submission.write(
        answers.test, sample, p.competition.columns, answers.vocabulary, paths.submission(name)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
