"""Score one ensemble on its held-out queries."""

import json
import sys

import pandas as pd

from pipeline import params, paths
from pipeline.data import tables
from pipeline.steps.score import plots, score


def main(name: str) -> None:
    p = params.load()
    rankings = tables.read("rankings", paths.rankings(name))
    scores = score.score_card(rankings, p.evaluation)
    scores |= score.conflicts(tables.read("conflicts", paths.CONFLICTS), p.labels.conflicts)
    scores["transductive"] = p.pretrain.method != "none"
    folds = tables.read("folds", paths.FOLDS)
    sizes = plots.class_sizes(rankings, folds)
    sure = plots.first_answers(rankings, pd.read_parquet(paths.placed(name)))
    pairs = pd.read_csv(paths.calibration(name))
    scores |= score.calibration_errors(sure, pairs)
    scores |= score.verification(json.loads(paths.VERIFIED.read_text()))
    recipe = p.ensembles[name]
    scores |= score.shots(
        [
            json.loads(paths.shots(backbone, fold).read_text())
            for backbone in recipe.voters()
            for fold in recipe.fold_list(p.folds.trained)
        ]
    )
    tables.write_csv(sizes, paths.score_table(name, "class_sizes"))
    tables.write_csv(sure, paths.score_table(name, "reliability"))
    tables.write_csv(plots.outcomes(rankings), paths.score_table(name, "outcomes"))
    tables.write_json(scores, paths.score_card(name))


if __name__ == "__main__":
    main(*sys.argv[1:])
