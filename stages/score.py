"""Write the score card of one ensemble, and the tables of its plots."""

import sys

import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, members, tables
from pipeline.steps.score import plots, score


def main(name: str) -> None:
    p = params.load()
    rankings = tables.read("rankings", paths.rankings(name))
    posteriors = pd.read_parquet(paths.placed_posteriors(name))
    reliability = plots.first_answers(rankings, posteriors, p.score.reliability_bins)
    shots = [
        paths.few_shot_accuracy(*one)
        for one in members.members_of(p.ensembles[name], p.folds.trained)
    ]
    card = score.score_card(rankings, p.evaluation)
    card |= score.conflicts(tables.read("conflicts", paths.CONFLICTS), p.labels.conflicts)
    card["transductive"] = p.pretrain.method != "none"
    card |= score.calibration_errors(reliability, pd.read_csv(paths.calibration(name)))
    card |= score.verification(tables.read_json(paths.VERIFY_SCORES))
    card |= score.shots([tables.read_json(path) for path in shots])
    sizes = plots.class_sizes(rankings, artefacts.load_folds(), p.score.gallery_sizes)
    tables.write_csv(sizes, paths.score_table(name, "class_sizes"))
    tables.write_csv(reliability, paths.score_table(name, "reliability"))
    tables.write_csv(plots.outcomes(rankings), paths.score_table(name, "outcomes"))
    tables.write_json(card, paths.score_card(name))


if __name__ == "__main__":
    main(*sys.argv[1:])
