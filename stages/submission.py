"""Place new_whale and write the CSV of one ensemble."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.labels.decided import load_decided
from pipeline.steps.submission import files, load, photographs
from pipeline.steps.submission.queries import Settings
from pipeline.steps.submission.submission import answer_unread, rank_queries, write_submission
from pipeline.system.start import run


def main(name: str) -> None:
    p = params.load()
    recipe, form, sample = p.ensembles[name], p.submission.format, artefacts.load_sample()
    folds, trained = artefacts.load_folds(), recipe.fold_list(p.folds.trained)
    given, unread = load.load_scenarios(sample, form), artefacts.load_unread()
    settings = Settings(recipe.new_whale, p.submission, p.evaluation)
    compare = load.Comparison.load(recipe, trained, p.match.backbone).compare
    known = load.load_photographs(sample[~sample.isin(unread)], given, compare, load_decided)
    log_odds = tables.read_parquet(paths.log_odds(name))
    answers = rank_queries(log_odds, folds, trained, settings, known)
    files.write_tables(answers, name)
    search = load.Search.load(folds, answers.posteriors, p.match.backbone)
    queries = answers.held_out if form == "photographs" else answers.held_out[:0]
    tables.write_parquet(search.find_held_out(queries), paths.photographs(name))
    if form == "photographs":
        photographs.write_answers(search.answer(given, trained), given, paths.submission(name))
    else:
        answers, columns = answer_unread(answers, unread, name), artefacts.load_columns()
        write_submission(answers, sample, columns, form, paths.submission(name))


if __name__ == "__main__":
    run(main)
