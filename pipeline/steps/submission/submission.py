"""Rank every query's labels with new_whale placed among them: held-out queries, then the test."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from pipeline.data import tables
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation.coverage import count_individuals
from pipeline.params import Columns, Format
from pipeline.steps.submission import clusters, contract, shift
from pipeline.steps.submission.by_species import place_all
from pipeline.steps.submission.encounters import answer_encounters
from pipeline.steps.submission.queries import Photographs, Queries, Settings, build_queries
from pipeline.steps.submission.ranking import order_labels, rank_held_out, rank_together


@dataclass(frozen=True)
class Answers:
    """The rankings of all queries.

    held_out: table "rankings"; test: label lists by image; curve: MAP@5 by new_whale's shift
        (empty if the held-out queries do not measure it)
    posteriors: columns query, identity, posterior, of held-out and test queries
    vocabulary: all labels that an answer may have
    clusters: table "clusters" of held-out and test queries, empty unless these are the answers
    encounters: table "encounter_rankings" of held-out and test queries
    frequent: the labels of an answer about which nothing is known, most frequent first
    """

    held_out: pd.DataFrame
    test: pd.Series
    curve: pd.DataFrame
    posteriors: pd.DataFrame
    vocabulary: set[str]
    clusters: pd.DataFrame
    encounters: pd.DataFrame
    frequent: list[str]

    def tabulate_test(self) -> pd.DataFrame:
        """The table "test_rankings"."""
        return self.test.map(" ".join).rename_axis("image").reset_index(name="ranking")


def rank_queries(
    log_odds: pd.DataFrame,
    folds: pd.DataFrame,
    trained: list[int],
    settings: Settings,
    photographs: Photographs,
) -> Answers:
    """Rankings of all queries from the ensemble's candidate rows.

    folds : table "folds"; trained : the ensemble's folds
    """
    prior = settings.evaluation.new_whale_prior
    queries = build_queries(log_odds, folds, trained, prior, photographs)
    choices: clusters.Choices = {}
    if settings.submission.format == "clusters":
        placed, placed_test, choices = clusters.place_for_clusters(queries, settings, photographs)
    else:
        placed, placed_test = place_all(queries, settings, photographs.species)
    rankings = rank_held_out(placed, queries, settings)
    test = rank_together(placed_test, queries.vocabulary, settings)
    joined = pd.DataFrame(columns=tables.COLUMNS["clusters"])
    if choices:
        every = pd.concat([rankings, test])
        joined = clusters.tabulate_clusters(every, queries, choices, photographs)
    return Answers(
        queries.truth.assign(ranking=[" ".join(rankings[x]) for x in queries.truth["image"]]),
        test,
        build_curve(queries),
        pd.concat([placed, placed_test], ignore_index=True),
        set(queries.vocabulary),
        joined,
        answer_encounters(queries, settings, photographs),
        order_labels(queries.vocabulary, settings)[: shift.LENGTH],
    )


def answer_unread(answers: Answers, images: Collection[str], ensemble: str) -> Answers:
    """Add test images that can't be read: the most frequent labels, and a cluster of its own each.

    The log of the `ensemble` says so.
    """
    if not images:
        return answers
    print(
        f"submission {ensemble}: {len(images)} photographs of the test can't be read and are "
        f"answered {' '.join(answers.frequent)} (data/work/competition/left_out.csv)"
    )
    names = clusters.name_clusters("unread", range(len(images)))
    alone = pd.DataFrame({"image": sorted(images), "cluster": names})
    return replace(
        answers,
        test=pd.concat([answers.test, pd.Series(dict.fromkeys(images, answers.frequent))]),
        clusters=pd.concat([answers.clusters, alone], ignore_index=True),
    )


def build_curve(queries: Queries) -> pd.DataFrame:
    """MAP@5 by the shift of new_whale (`shift.CURVE`); empty unless both kinds are measured."""
    if not count_individuals(queries.truth).is_complete:
        return pd.DataFrame(columns=shift.CURVE)
    return shift.build_curve(shift.collect_top_candidates(queries.held_out, queries.truth))


def write_submission(
    answers: Answers, sample: Collection[str], columns: Columns, form: Format, path: Path
) -> None:
    """Write the test's answers in the sample's order, under the sample's columns.

    Raises ValueError, and writes nothing, if they break the contract (`contract.check_answers`).
    """
    lists = answers.test
    if form == "clusters":
        lists = answers.clusters.set_index("image")["cluster"].map(lambda label: [label])
        lists = lists[answers.test.index]
    elif form == "single":
        lists = lists.str[:1]
    contract.check_answers(lists, sample, answers.vocabulary, form)
    texts = [
        " ".join(columns.new_whale if label == NEW_WHALE else label for label in lists[image])
        for image in sample
    ]
    table = pd.DataFrame({columns.image: list(sample), columns.answer: texts})
    tables.write_csv(table, path)
