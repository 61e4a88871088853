"""Score what lies in the files of the stages before, beside the rankings."""

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.data.members import list_members, load_vectors
from pipeline.params import Ensemble, Evaluation, Format
from pipeline.steps.score import score
from pipeline.steps.score.encounters import score_encounters
from pipeline.steps.score.formats import score_format
from pipeline.steps.score.photographs import score_photographs
from pipeline.steps.score.splits import compare_splits


def load_member_scores(recipe: Ensemble, trained: list[int]) -> dict[str, float | str | None]:
    """The few-shot accuracies of the ensemble's members, and how they were trained.

    trained : the folds that have members (`folds.trained`)
    """
    own = list_members(recipe, trained)
    return {
        **score.average_few_shot_accuracy([member.few_shot_accuracy() for member in own]),
        **score.summarise_training({member.name: member.training_summary() for member in own}),
    }


def load_verify_scores() -> dict[str, float | None]:
    """The scores of the stage `verify`: verify_..., and unknown_... of photographs in clusters."""
    return {
        **score.name_verify_scores(tables.read_json(paths.VERIFY_SCORES), "verify"),
        **score.name_verify_scores(tables.read_json(paths.PEER_SCORES), "unknown"),
    }


def load_format_scores(
    name: str, form: Format, rankings: pd.DataFrame, evaluation: Evaluation
) -> dict[str, float | str | None]:
    """The score of the ensemble's answers by their format; empty if they are five names.

    rankings : table "rankings"
    """
    if form == "photographs":
        found = tables.read_parquet(paths.photographs(name))
        return score_photographs(rankings, found, artefacts.load_folds(), evaluation)
    clusters = tables.read("clusters", paths.clusters(name))
    return score_format(form, rankings, artefacts.load_species(), clusters, evaluation)


def load_encounter_scores(
    name: str, recipe: Ensemble, trained: list[int], rankings: pd.DataFrame, evaluation: Evaluation
) -> dict[str, float | str | None]:
    """The scores of the ensemble's encounters; empty where each has one photograph.

    trained : as above; rankings : table "rankings"
    """
    encounter, backbones = artefacts.load_encounters(), recipe.active_backbones()
    if not rankings["image"].map(encounter).duplicated().any():
        return {}
    answers = tables.read("encounter_rankings", paths.encounter_rankings(name))
    scores = score_encounters(rankings, answers, evaluation)
    if not backbones:  # local features alone
        return scores
    labels = artefacts.load_labels()
    return scores | compare_splits(
        artefacts.load_folds(),
        recipe.fold_list(trained),
        dict(zip(labels["image"], labels["group"], strict=True)),
        encounter,
        artefacts.load_viewpoints(),
        lambda fold, images: load_vectors(backbones, [fold], images),
    )
