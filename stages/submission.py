"""Place new_whale and write the CSV of one ensemble."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.submission.submission import Settings, rank_queries, write_submission
from pipeline.system.start import run


def main(name: str) -> None:
    p = params.load()
    recipe, sample = p.ensembles[name], artefacts.load_sample()
    answers = rank_queries(
        tables.read_parquet(paths.log_odds(name)),
        artefacts.load_folds(),
        recipe.fold_list(p.folds.trained),
        Settings(recipe.new_whale, p.submission, p.evaluation),
        sample,
    )
    tables.write("rankings", answers.held_out, paths.rankings(name))
    tables.write_csv(answers.curve, paths.shift_curve(name))
    tables.write_parquet(answers.posteriors, paths.posteriors(name))
    columns, path = artefacts.load_columns(), paths.submission(name)
    write_submission(answers.test, sample, columns, answers.vocabulary, path)


if __name__ == "__main__":
    run(main)
