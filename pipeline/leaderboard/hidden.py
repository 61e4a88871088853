"""Scores against the competition's solution, by what the format of the answers is scored by."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping

import numpy as np
import pandas as pd

from pipeline.data.scenarios import Scenarios
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import metrics, species
from pipeline.evaluation.balanced import prepare_balanced
from pipeline.evaluation.cluster_agreement import prepare_agreement
from pipeline.evaluation.photograph_precision import average_precision
from pipeline.leaderboard.history import HIDDEN
from pipeline.params import Format
from pipeline.system.errors import UserError

Score = Callable[[pd.DataFrame], float]


def compute_hidden_scores(
    answers: pd.DataFrame,
    solution: pd.DataFrame | None,
    duplicates: set[str],
    score: Score,
) -> dict[str, float]:
    """The score by the solution: public, private, all, and without duplicates of labelled images.

    answers : columns image, and what `score` reads
    solution : columns image, identity, usage; None if the competition has no solution
    score : of rows with both tables' columns
    """
    if solution is None:
        return dict.fromkeys(HIDDEN, np.nan)
    if missing := set(answers["image"]) - set(solution["image"]):
        raise UserError(
            f"the solution has no row of {len(missing)} test images, as {min(missing)}: complete "
            "it, or move it away to build the leaderboard without it"
        )
    table = answers.merge(solution, on="image", validate="many_to_one")
    subsets: dict[str, pd.Series] = {
        "public": table["usage"] == "Public",
        "private": table["usage"] == "Private",
        "hidden": table["usage"] != "Ignored",
        "hidden_without_copies": (table["usage"] != "Ignored") & ~table["image"].isin(duplicates),
    }
    return {name: round(score(table[subset]), 5) for name, subset in subsets.items()}


def choose_score(form: Format, known: Collection[str], species_of: Mapping[str, str]) -> Score:
    """The score of a format; of AnimalCLEF's, the mean over species.

    known : the individuals that are labelled; the solution may name others too, or say NEW_WHALE
    species_of : of the images whose species is known
    """
    if form == "map5":
        return score_map5
    prepare = prepare_clusters if form == "clusters" else prepare_single

    def score(rows: pd.DataFrame) -> float:
        rows = rows.assign(
            species=[species_of.get(image, "") for image in rows["image"]],
            known=rows["identity"].isin(known),
        )
        of_each = species.prepare(rows, prepare)(np.ones(len(rows)))
        return species.average(of_each)

    return score


def measure_photographs(
    found: pd.DataFrame, scenarios: Scenarios, identities: Mapping[str, str]
) -> pd.DataFrame:
    """Columns image, precision (average, at 20) of queries whose individual is in their database.

    found : columns query, photograph, score
    identities : of photographs, as far as labels and the solution name them
    """
    ordered = found.sort_values(["query", "score"], ascending=[True, False], kind="stable")
    answers = {str(query): rows["photograph"] for query, rows in ordered.groupby("query")}
    measured = []
    for queries, database in scenarios.split():
        counts = Counter(identities.get(image, "") for image in database)
        own = set(database)
        for query, image in queries[["query", "image"]].itertuples(index=False, name=None):
            truth = identities.get(image, NEW_WHALE)
            relevant = counts[truth] - (image in own)
            if truth != NEW_WHALE and relevant:
                hits = np.array([[identities.get(name) == truth for name in answers[query]]])
                precision = average_precision(hits, np.array([relevant]))
                measured.append((image, precision[0]))
    return pd.DataFrame(measured, columns=["image", "precision"])


def score_photographs(rows: pd.DataFrame) -> float:
    """The mean average precision of photographs."""
    return metrics.mean(rows["precision"].to_numpy(), np.ones(len(rows)))


def score_map5(rows: pd.DataFrame) -> float:
    """Mean average precision at 5."""
    precision = metrics.precision_at_5(rows["identity"].tolist(), rows["ranking"].tolist())
    return metrics.mean(precision, np.ones(len(rows)))


def prepare_single(rows: pd.DataFrame) -> species.Statistic:
    """The geometric mean of BAKS and BAUS."""
    right = (rows["ranking"].str[0] == rows["identity"].where(rows["known"], NEW_WHALE)).to_numpy()
    return prepare_balanced(right, rows["known"].to_numpy(), name_individuals(rows))


def prepare_clusters(rows: pd.DataFrame) -> species.Statistic:
    """The adjusted Rand index of the photographs whose individual the solution names."""
    weight = (rows["identity"] != NEW_WHALE).astype(float)
    individual, label = name_individuals(rows), rows["ranking"].str[0]
    return prepare_agreement(rows.assign(fold=0, weight=weight, individual=individual, label=label))


def name_individuals(rows: pd.DataFrame) -> pd.Series:
    """The individuals; a photograph that is only NEW_WHALE counts as one of its own."""
    return rows["identity"].where(rows["identity"] != NEW_WHALE, "image " + rows["image"])
