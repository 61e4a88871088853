"""Write the score card of one ensemble, and the tables of its plots."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.score import load, log, plots, score, seasons
from pipeline.system.start import run


def main(name: str) -> None:
    p, rankings = params.load(), tables.read("rankings", paths.rankings(name))
    recipe, form = p.ensembles[name], p.submission.format
    posteriors = tables.read_parquet(paths.posteriors(name))
    reliability = plots.build_first_answer_diagram(rankings, posteriors, p.score.reliability_bins)
    card: dict[str, object] = {
        **score.compute_score_card(rankings, p.evaluation),
        **seasons.describe_seasons(rankings, p.folds.seasons),
        **load.load_format_scores(name, form, rankings, p.evaluation),
        **score.summarise_conflicts(tables.read("conflicts", paths.CONFLICTS), p.labels.conflicts),
        **score.count_left_out(tables.read("left_out", paths.LEFT_OUT)),
        **load.load_encounter_scores(name, recipe, p.folds.trained, rankings, p.evaluation),
        "transductive": p.pretrain.method != "none",
        **score.compute_calibration_errors(reliability, tables.read_csv(paths.calibration(name))),
        **load.load_verify_scores(),
        **load.load_member_scores(recipe, p.folds.trained),
    }
    sizes = plots.score_by_gallery_size(rankings, artefacts.load_folds(), p.score.gallery_sizes)
    tables.write_csv(sizes, paths.score_table(name, "class_sizes"))
    tables.write_csv(reliability, paths.score_table(name, "reliability"))
    tables.write_csv(plots.classify_outcomes(rankings), paths.score_table(name, "outcomes"))
    tables.write_json(card, paths.score_card(name))
    print(*log.describe(name, form, card), sep="\n")


if __name__ == "__main__":
    run(main)
