"""A cluster for every photograph: known individuals, and groups of unknown ones by near embeddings.

A photograph whose first answer is a known individual is in that individual's cluster. Those that
are answered new_whale are grouped by average linkage, as `tailprint cluster-unknown` does. Where
new_whale is placed and how near the photographs of a group are is chosen together, by the adjusted
Rand index of held-out photographs: for a fold on the other folds, for the test on all.

AnimalCLEF 2026: labels cluster_<dataset>_<number>, each species' index, and their mean
(wildlife-datasets, baselines/AnimalCLEF2026/submissions.ipynb).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import clustering
from pipeline.evaluation.cluster_agreement import is_measurable, select_identified
from pipeline.params import NewWhale
from pipeline.steps.submission.by_species import list_own
from pipeline.steps.submission.place import compute_posteriors
from pipeline.steps.submission.queries import ANY, Embed, Photographs, Queries, Settings
from pipeline.steps.submission.ranking import rank_held_out

SHIFTS = np.arange(-6.0, 7.0)  # of new_whale, that are tried
ALONE = 2.0  # a cosine that no two photographs have
TEST = -1  # instead of a fold


class Choice(NamedTuple):
    """The shift of new_whale, and the mean cosine from which photographs are grouped."""

    shift: float
    min_cosine: float


class Together(NamedTuple):
    """Photographs that are clustered together: of one species, of one fold or of the TEST."""

    species: str
    fold: int
    images: list[str]


Choices = dict[tuple[str, int], Choice]  # by species and fold
Scores = dict[tuple[str, int], np.ndarray]  # by species and fold: shifts x clustering.MIN_COSINES


def place_for_clusters(
    queries: Queries, settings: Settings, photographs: Photographs
) -> tuple[pd.DataFrame, pd.DataFrame, Choices]:
    """Posteriors of the held-out and of the test queries, and the choices behind them."""
    shifts = list_shifts(settings.new_whale)
    rankings = [
        rank_held_out(compute_posteriors(queries.held_out, shift), queries, settings)
        for shift in shifts
    ]
    prior = settings.evaluation.new_whale_prior
    scores = score_choices(queries.truth, rankings, prior, photographs.embed)
    own = list_own(queries.truth, settings)
    parts: dict[bool, list[pd.DataFrame]] = {True: [], False: []}
    choices: Choices = {}
    for species, fold, images in list_together(queries, photographs):
        choice = choices[species, fold] = choose(scores, shifts, species, own, fold)
        rows = queries.test if fold == TEST else queries.held_out
        placed = compute_posteriors(rows[rows["query"].isin(images)], choice.shift)
        parts[fold == TEST].append(placed)
    held_out, test = (pd.concat(parts[is_test], ignore_index=True) for is_test in (False, True))
    return held_out, test, choices


def list_shifts(new_whale: NewWhale) -> np.ndarray:
    """The shifts to choose from: all, unless the method leaves no choice."""
    return SHIFTS if new_whale.method not in ("fixed", "never") else np.array([new_whale.shift])


def list_together(queries: Queries, photographs: Photographs) -> Iterator[Together]:
    """Yield the held-out photographs of each species and fold, then those of the test."""
    for (species, fold), rows in queries.truth.groupby(["species", "fold"]):
        yield Together(str(species), int(str(fold)), rows["image"].tolist())
    of_test: dict[str, list[str]] = {}
    for image in photographs.sample:
        of_test.setdefault(photographs.species.get(image, ANY), []).append(image)
    for species, images in sorted(of_test.items()):
        yield Together(species, TEST, images)


def score_choices(
    truth: pd.DataFrame, rankings: Sequence[pd.Series], prior: float, embed: Embed
) -> Scores:
    """The adjusted Rand index of every choice on each species' held-out queries of each fold.

    truth : columns image, kind, fold, species, cluster (the individual)
    rankings : for each shift, label lists by image

    Species and folds without two photographs of one individual are left out.
    """
    scores: Scores = {}
    for (species, fold), rows in select_identified(truth, prior).groupby(["species", "fold"]):
        if is_measurable(rows["cluster"]):
            vectors = embed([int(str(fold))], rows["image"].tolist())
            tried = [score_cosines(rows, ranked, vectors) for ranked in rankings]
            scores[str(species), int(str(fold))] = np.array(tried)
    return scores


def score_cosines(rows: pd.DataFrame, rankings: pd.Series, vectors: np.ndarray) -> list[float]:
    """The index at each of clustering.MIN_COSINES, for n queries of one species and fold."""
    weights = rows["weight"].to_numpy()
    return [
        clustering.weighted_ari(clusters, rows["cluster"], weights)
        for clusters in join(rankings[rows["image"]], vectors, clustering.MIN_COSINES)
    ]


def choose(
    scores: Scores, shifts: np.ndarray, species: str, own: set[str], fold: int = TEST
) -> Choice:
    """The best choice by the mean score, for a species' photographs of a fold or of the test.

    shifts : of the scores' rows; own : the species that are chosen for by themselves, all others on
        all species

    The scores of `fold` have no part. The middle one of the best; without a score no photographs
    are grouped.
    """
    used = [
        score
        for (other, of_fold), score in scores.items()
        if of_fold != fold and (species not in own or other == species)
    ]
    if not used:
        return Choice(float(shifts[len(shifts) // 2]), ALONE)
    mean = np.mean(used, axis=0)
    best = np.argwhere(np.isclose(mean, mean.max(), atol=1e-9))
    row, column = best[len(best) // 2]
    return Choice(float(shifts[row]), float(clustering.MIN_COSINES[column]))


def join(
    rankings: pd.Series, vectors: np.ndarray, min_cosines: Sequence[float] | np.ndarray
) -> np.ndarray:
    """The clusters of n photographs of one species at each of m cosines, m x n.

    rankings : n label lists, best first; vectors : n x d unit vectors
    """
    first = rankings.str[0].to_numpy()
    is_new = first == NEW_WHALE
    known, names = pd.factorize(first)
    clusters = np.tile(known, (len(min_cosines), 1))
    clusters[:, is_new] = len(names) + clustering.join_on_average(vectors[is_new], min_cosines)
    return np.stack([clustering.number_in_order(row) for row in clusters])


def tabulate_clusters(
    rankings: pd.Series, queries: Queries, choices: Choices, photographs: Photographs
) -> pd.DataFrame:
    """The table "clusters" of all queries; equal labels of two folds mean nothing.

    rankings : label lists of held-out and test queries by image
    """
    tables = [pd.DataFrame({"image": [], "cluster": []}, dtype=str)]
    folds = sorted(set(queries.truth["fold"]))
    for together in list_together(queries, photographs):
        species, fold, images = together
        vectors = photographs.embed(folds if fold == TEST else [fold], images)
        cosine = choices[species, fold].min_cosine
        (clusters,) = join(rankings[images], vectors, [cosine])
        labels = name_clusters(species, clusters)
        tables.append(pd.DataFrame({"image": images, "cluster": labels}))
    return pd.concat(tables, ignore_index=True)


def name_clusters(species: str, clusters: Iterable[int]) -> list[str]:
    """Labels without spaces: cluster_<species>_<number>; cluster_<number> without a species."""
    return ["_".join(["cluster", *species.split(), str(number)]) for number in clusters]
