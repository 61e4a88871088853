"""The answers to encounters: their photographs are answered together, beside each one by itself."""

from collections.abc import Mapping

import pandas as pd

from pipeline.data import tables
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.evaluation.encounter_answers import EncounterModel, Encounters, average_photographs
from pipeline.steps.submission.by_species import place_all
from pipeline.steps.submission.place import compute_posteriors, rank_labels, subtract_shift
from pipeline.steps.submission.queries import Photographs, Queries, Settings
from pipeline.steps.submission.ranking import order_labels

KIND = "encounter_rankings"


def answer_encounters(
    queries: Queries, settings: Settings, photographs: Photographs
) -> pd.DataFrame:
    """Build the table "encounter_rankings" of held-out queries and of the test's.

    Empty unless an encounter has several queries, and unless the answers are names. Held-out
    encounters are answered by fits without them.
    """
    own = select_several(queries.truth["image"], photographs.encounter)
    test = select_several(pd.Series(queries.test["query"].unique()), photographs.encounter)
    named = settings.submission.format not in ("clusters", "photographs")
    if not named or (own.empty and test.empty):
        return pd.DataFrame(columns=tables.COLUMNS[KIND])
    placed, placed_test = place_all(queries, settings, photographs.species, subtract_shift)
    truth = queries.truth[queries.truth["image"].isin(own.index)]
    truth = truth.assign(encounter=own.loc[truth["image"]].to_numpy())
    held_out = Encounters(average(placed, own), truth)
    answers = [
        name_photographs(own, answer_held_out(held_out, queries.vocabulary, settings)),
        name_photographs(
            test, answer_test(held_out, average(placed_test, test), queries.vocabulary, settings)
        ),
    ]
    return pd.concat(answers, ignore_index=True)


def select_several(images: pd.Series, encounter: Mapping[str, int]) -> pd.Series:
    """The encounters, by image, of those images whose encounter has others of them too."""
    own = pd.Series([encounter[image] for image in images], images.to_numpy(), dtype=int)
    return own[own.duplicated(keep=False)]


def average(placed: pd.DataFrame, encounter: pd.Series) -> pd.DataFrame:
    """The mean log-odds of the photographs that are in `encounter`, by encounter."""
    return average_photographs(placed[placed["query"].isin(encounter.index)], encounter)


def answer_held_out(
    held_out: Encounters, vocabulary: list[str], settings: Settings
) -> pd.DataFrame:
    """Answer encounters, each by a fit without it (`rank`)."""
    evaluation = settings.evaluation
    answers = [pd.DataFrame()]
    for fit, score in CrossFit(held_out.truth["group"], evaluation.crossfit, evaluation.seed):
        model = EncounterModel().fit(held_out.select(fit), evaluation.new_whale_prior)
        answers.append(rank(model, held_out.select(score).averaged, vocabulary, settings))
    return pd.concat(answers)


def answer_test(
    held_out: Encounters, averaged: pd.DataFrame, vocabulary: list[str], settings: Settings
) -> pd.DataFrame:
    """Answer the test's encounters by the fit on all held-out ones (`rank`)."""
    model = EncounterModel().fit(held_out, settings.evaluation.new_whale_prior)
    return rank(model, averaged, vocabulary, settings)


def rank(
    model: EncounterModel, averaged: pd.DataFrame, vocabulary: list[str], settings: Settings
) -> pd.DataFrame:
    """By encounter: photographs, count (as how many these count), ranking, two posteriors.

    known_posterior : of the likeliest individual; new_posterior : of a new one
    """
    posteriors = compute_posteriors(model.log_odds(averaged), 0.0)
    if settings.new_whale.method == "never":
        posteriors = posteriors[posteriors["identity"] != NEW_WHALE]
    rankings = rank_labels(posteriors, order_labels(vocabulary, settings))
    photographs = averaged.groupby("encounter")["photographs"].max()
    is_new = posteriors["identity"] == NEW_WHALE
    known, new = (
        part.groupby("query")["posterior"].max().reindex(photographs.index, fill_value=0.0)
        for part in (posteriors[~is_new], posteriors[is_new])
    )
    return pd.DataFrame(
        {
            "photographs": photographs,
            "count": model.count(photographs.to_numpy()).round(4),
            "ranking": rankings.str.join(" "),
            "known_posterior": known.round(6),
            "new_posterior": new.round(6),
        }
    )


def name_photographs(encounter: pd.Series, answers: pd.DataFrame) -> pd.DataFrame:
    """One row per photograph with the answer to its encounter."""
    table = pd.DataFrame({"image": encounter.index, "encounter": encounter.to_numpy()})
    return table.join(answers, on="encounter").reindex(columns=tables.COLUMNS[KIND])
