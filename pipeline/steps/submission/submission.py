"""Rank every query's labels with new_whale placed among them: held-out queries, then the test."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.data import gallery, tables
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import protocol
from pipeline.evaluation.coverage import count_individuals
from pipeline.params import Columns, Evaluation, NewWhale, SubmissionStage
from pipeline.steps.submission import balance, contract, shift
from pipeline.steps.submission.place import place_held_out, place_test, rank_labels


@dataclass(frozen=True)
class Settings:
    """The sections of params.yaml that decide about rankings."""

    new_whale: NewWhale
    submission: SubmissionStage
    evaluation: Evaluation


@dataclass(frozen=True)
class Answers:
    """The rankings of all queries.

    held_out: table "rankings"; test: label lists by image; curve: MAP@5 by new_whale's shift
        (empty if the held-out queries do not measure it)
    posteriors: columns query, identity, posterior, of held-out and test queries
    vocabulary: all labels that an answer may have
    """

    held_out: pd.DataFrame
    test: pd.Series
    curve: pd.DataFrame
    posteriors: pd.DataFrame
    vocabulary: set[str]


def rank_queries(
    log_odds: pd.DataFrame,
    folds: pd.DataFrame,
    trained: list[int],
    settings: Settings,
    sample: Collection[str],
) -> Answers:
    """Rankings of all queries from the ensemble's candidate rows.

    folds : table "folds"; trained : the ensemble's folds
    sample : the images of the submission; unlabelled photographs are not among them
    """
    evaluation, new_whale = settings.evaluation, settings.new_whale
    prior = evaluation.new_whale_prior
    queries = gallery.held_out_rows(folds, trained)
    queries["weight"] = protocol.query_weights(queries["kind"], prior)
    held_out = log_odds[~log_odds["test"]]
    test = log_odds[log_odds["test"] & log_odds["query"].isin(sample)]
    placed = place_held_out(held_out, queries, new_whale, evaluation)
    placed_test = place_test(test, held_out, queries, new_whale, prior)
    vocabulary = list_vocabulary(folds)
    by_fold = [
        rank_together(placed[placed["query"].isin(images)], vocabulary, settings)
        for _, images in queries.groupby("fold")["image"]
    ]
    rankings = pd.concat(by_fold)
    return Answers(
        queries.assign(ranking=[" ".join(rankings[image]) for image in queries["image"]]),
        rank_together(placed_test, vocabulary, settings),
        build_curve(held_out, queries),
        pd.concat([placed, placed_test], ignore_index=True),
        set(vocabulary),
    )


def build_curve(log_odds: pd.DataFrame, queries: pd.DataFrame) -> pd.DataFrame:
    """MAP@5 by the shift of new_whale (`shift.CURVE`); empty unless both kinds are measured."""
    if not count_individuals(queries).is_complete:
        return pd.DataFrame(columns=shift.CURVE)
    return shift.build_curve(shift.collect_top_candidates(log_odds, queries))


def rank_together(
    posteriors: pd.DataFrame, vocabulary: Sequence[str], settings: Settings
) -> pd.Series:
    """Rankings of one member's held-out queries, or of the test, balanced among themselves.

    posteriors : columns query, identity, posterior
    vocabulary : new_whale, then the known identities, likeliest first
    """
    new, *known = vocabulary
    filler = vocabulary
    if settings.new_whale.method == "never":
        posteriors = posteriors[posteriors["identity"] != new]
        filler = [*known, new]
    rankings = rank_labels(posteriors, filler)
    gap, capacity = settings.submission.gap, settings.submission.capacity
    if gap:
        rankings = balance.swap_close_calls(rankings, posteriors, gap)
    if capacity:
        rankings = balance.assign_first_places(rankings, posteriors, capacity)
    return rankings


def list_vocabulary(folds: pd.DataFrame) -> list[str]:
    """new_whale and the known identities, most photographs first, ties by name."""
    counts = folds.loc[folds["identity"] != NEW_WHALE, "identity"].value_counts()
    return [NEW_WHALE, *sorted(counts.index, key=lambda name: (-counts[name], name))]


def write_submission(
    rankings: pd.Series, sample: Collection[str], columns: Columns, vocabulary: set[str], path: Path
) -> None:
    """Write the answers (label lists by image) in the sample's order.

    Raises ValueError, and writes nothing, if they break the contract (`contract.check_rankings`).
    """
    contract.check_rankings(rankings, sample, vocabulary)
    answers = [
        " ".join(columns.new_whale if label == NEW_WHALE else label for label in rankings[image])
        for image in sample
    ]
    table = pd.DataFrame({columns.image: list(sample), columns.answer: answers})
    tables.write_csv(table, path)
