"""Blend the evidence of one ensemble's members into log-odds."""

import sys

import pandas as pd

from pipeline import params, paths
from pipeline.data import evidence, gallery, tables
from pipeline.steps.ensemble import assemble, diagrams, ensemble, source_probabilities


def main(name: str) -> None:
    p = params.load()
    recipe = p.ensembles[name]
    folds = tables.read("folds", paths.FOLDS)
    parts = gathered(recipe, p.folds.trained, folds)
    twins = ensemble.labelled_twins(tables.read("twins", paths.TWINS), folds)
    table = ensemble.answer(parts, recipe, p.ensemble, p.evaluation, twins)
    kind = p.ensemble.calibration
    sure = diagrams.pair_diagrams(ensemble.held_out(parts), kind, p.evaluation)
    tables.write_csv(sure, paths.calibration(name))
    tables.write_parquet(table, paths.posteriors(name))
    said = source_probabilities.of_answers(parts, table, kind, p.evaluation)
    tables.write_parquet(said, paths.chances(name))


def gathered(
    recipe: params.Ensemble,
    trained: list[int],
    folds: pd.DataFrame,
    stages: tuple[str, ...] = ("neighbours", "rerank"),
) -> list[assemble.FoldEvidence]:
    """What the recipe's members say, fold by fold; `stages` are asked what the backbones say."""
    images = tables.read("images", paths.IMAGES)
    parts = []
    for fold in recipe.fold_list(trained):
        spoken = {
            backbone: pd.concat(
                evidence.load(paths.evidence(stage, backbone, fold)) for stage in stages
            )
            for backbone in recipe.voters()
        }
        if recipe.local_scores():
            local = (paths.match(fold), paths.weighed(fold))
            spoken[evidence.LOCAL] = pd.concat(evidence.load(path) for path in local)
        queries = gallery.query_rows(folds, images, fold)
        shown = gallery.gallery_rows(folds, fold)
        sources = assemble.sources(recipe)
        parts.append(assemble.fold_evidence(fold, spoken, sources, queries, shown))
    return parts


if __name__ == "__main__":
    main(*sys.argv[1:])
