"""Load the evidence of an ensemble's members from the files of the stages before."""

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, evidence, gallery
from pipeline.data.members import Member
from pipeline.params import Ensemble
from pipeline.steps.ensemble.assemble import FoldEvidence, assemble_fold, choose_sources

STAGES = ("neighbours", "rerank")  # whose evidence the backbones have


def load_fold_evidence(
    recipe: Ensemble, trained: list[int], folds: pd.DataFrame, stages: tuple[str, ...] = STAGES
) -> list[FoldEvidence]:
    """Load the ensemble's evidence per fold; `stages` names the stages whose evidence is read.

    trained : the folds that have members (`folds.trained`)
    folds : table "folds"

    Raises ValueError if a source of the recipe has no evidence, FileNotFoundError for a stage that
    has not run.
    """
    images = artefacts.load_images()
    numbers = recipe.fold_list(trained)
    sources = choose_sources(recipe, _list_present(recipe, numbers, stages))
    return [
        assemble_fold(
            fold,
            _load_tables(recipe, fold, stages),
            sources,
            gallery.query_rows(folds, images, fold),
        )
        for fold in numbers
    ]


def _list_present(
    recipe: Ensemble, folds: list[int], stages: tuple[str, ...]
) -> dict[str, set[str]]:
    """The sources that each backbone has evidence from: in one fold no query may have any."""
    return {
        backbone: set().union(
            *(
                evidence.read_sources(paths.evidence(stage, backbone, fold))
                for stage in stages
                for fold in folds
            )
        )
        for backbone in recipe.active_backbones()
    }


def _load_tables(recipe: Ensemble, fold: int, stages: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """The fold's evidence tables by backbone, and under evidence.LOCAL that of local features."""
    loaded = {
        backbone: pd.concat(Member(backbone, fold).evidence(stage) for stage in stages)
        for backbone in recipe.active_backbones()
    }
    if recipe.local_scores():
        loaded[evidence.LOCAL] = pd.concat(
            evidence.load(path(of))
            for path in (paths.match_evidence, paths.weighted_evidence)
            for of in (fold, paths.TEST)
        )
    return loaded
