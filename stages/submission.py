"""Place new_whale and write the CSV of one ensemble."""

from functools import partial

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.data.members import load_vectors
from pipeline.steps.submission.queries import Photographs, Settings
from pipeline.steps.submission.submission import answer_unread, rank_queries, write_submission
from pipeline.system.start import run


def main(name: str) -> None:
    p = params.load()
    recipe, sample, unread = p.ensembles[name], artefacts.load_sample(), artefacts.load_unread()
    embed, encounter = partial(load_vectors, recipe.active_backbones()), artefacts.load_encounters()
    answers = rank_queries(
        tables.read_parquet(paths.log_odds(name)),
        artefacts.load_folds(),
        recipe.fold_list(p.folds.trained),
        Settings(recipe.new_whale, p.submission, p.evaluation),
        Photographs(sample[~sample.isin(unread)], artefacts.load_species(), embed, encounter),
    )
    tables.write("rankings", answers.held_out, paths.rankings(name))
    tables.write("test_rankings", answers.tabulate_test(), paths.test_rankings(name))
    tables.write("clusters", answers.clusters, paths.clusters(name))
    tables.write("encounter_rankings", answers.encounters, paths.encounter_rankings(name))
    tables.write_csv(answers.curve, paths.shift_curve(name))
    tables.write_parquet(answers.posteriors, paths.posteriors(name))
    answers, columns = answer_unread(answers, unread, name), artefacts.load_columns()
    write_submission(answers, sample, columns, p.submission.format, paths.submission(name))


if __name__ == "__main__":
    run(main)
