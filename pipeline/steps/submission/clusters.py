"""A cluster for every photograph: known individuals, and groups of unknown ones.

A photograph whose first answer is a known individual is in that individual's cluster. Those that
are answered new_whale are grouped by how likely two of them show one individual
(`pipeline.evaluation.peers`), as `tailprint cluster-unknown` does: by local features and embeddings
together, or by embeddings alone if queries were not matched with each other. Where new_whale is
placed and how likely the photographs of a group are is chosen together, by the adjusted Rand index
of held-out photographs: for a fold on the other folds, for the test on all.

AnimalCLEF 2026: labels cluster_<dataset>_<number>, each species' index, and their mean
(wildlife-datasets, baselines/AnimalCLEF2026/submissions.ipynb).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.data.gallery import choose_peers
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import clustering, partition, peers
from pipeline.evaluation.cluster_agreement import is_measurable, select_identified
from pipeline.evaluation.peers import LabelledSet, PeerModel
from pipeline.params import NewWhale
from pipeline.paths import TEST, QuerySet
from pipeline.steps.submission.by_species import list_own
from pipeline.steps.submission.place import compute_posteriors
from pipeline.steps.submission.queries import ANY, Compare, Photographs, Queries, Settings
from pipeline.steps.submission.ranking import rank_held_out

SHIFTS = np.arange(-6.0, 7.0)  # of new_whale, that are tried


class Choice(NamedTuple):
    """The shift of new_whale, and the model that groups what is answered new_whale."""

    shift: float
    model: PeerModel


class HeldOut(NamedTuple):
    """Held-out photographs of one species and fold.

    rows : n rows, columns image, cluster (the individual), weight; pairs : of all of them
    """

    rows: pd.DataFrame
    pairs: LabelledSet


class Together(NamedTuple):
    """Photographs that are clustered together: of one species, of one fold or of the TEST."""

    species: str
    of: QuerySet
    images: list[str]


Choices = dict[tuple[str, QuerySet], Choice]  # by species, and fold or TEST
Measured = dict[tuple[str, QuerySet], HeldOut]  # by species and fold


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
    measured = list_measured(queries.truth, prior, photographs.compare)
    separate = list_own(queries.truth, settings)  # species that are chosen for by themselves
    held_out: list[pd.DataFrame] = []
    test: list[pd.DataFrame] = []
    made: Choices = {}  # all species that are not separate share that of ANY
    choices: Choices = {}
    for species, of, images in list_together(queries, photographs):
        key = species if species in separate else ANY, of
        if key not in made:
            made[key] = choose(select_used(measured, separate, *key), rankings, shifts)
        choices[species, of] = made[key]
        rows, placed = (queries.test, test) if of == TEST else (queries.held_out, held_out)
        own_rows = rows[rows["query"].isin(images)]
        placed.append(compute_posteriors(own_rows, made[key].shift))
    return pd.concat(held_out, ignore_index=True), pd.concat(test, ignore_index=True), choices


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


def select_compared(truth: pd.DataFrame) -> pd.DataFrame:
    """The held-out queries that were matched with each other: of a large fold, not all.

    A group of the others would show what matching misses, and not how the test is grouped.
    """
    return pd.concat([choose_peers(rows) for _, rows in truth.groupby("fold")])


def list_measured(truth: pd.DataFrame, prior: float, compare: Compare) -> Measured:
    """The held-out queries of each species and fold that can be measured (`is_measurable`).

    truth : columns image, kind, fold, species, cluster (the individual)
    """
    identified = select_identified(select_compared(truth), prior)
    measured: Measured = {}
    for (species, fold), rows in identified.groupby(["species", "fold"]):
        if is_measurable(rows["cluster"]):
            of = int(str(fold))
            pairs = compare(of, rows["image"].tolist()).tabulate()
            individuals = rows["cluster"].to_numpy(dtype=object)
            measured[str(species), of] = HeldOut(rows, LabelledSet(individuals, pairs))
    return measured


def select_used(measured: Measured, own: set[str], species: str, of: QuerySet) -> list[HeldOut]:
    """What is chosen by for a species' photographs of a fold, or of the TEST.

    own : the species that are chosen for by themselves, all others on all species

    The fold's own photographs have no part.
    """
    return [
        one
        for (other, fold), one in measured.items()
        if fold != of and (species not in own or other == species)
    ]


def choose(used: Sequence[HeldOut], rankings: Sequence[pd.Series], shifts: np.ndarray) -> Choice:
    """The model of their pairs, and the shift and the threshold that score best on them.

    rankings : for each shift, label lists by image

    Of several that are best, see `find_middle`; without pairs of one individual and of two no
    photographs are grouped.
    """
    model = peers.fit_pairs([one.pairs for one in used]) if used else None
    if model is None:
        return Choice(float(shifts[len(shifts) // 2]), peers.ALONE)
    mean = np.mean([score(one, rankings, model) for one in used], axis=0)
    row, column = find_middle(mean)
    threshold = float(partition.THRESHOLDS[column])
    return Choice(float(shifts[row]), replace(model, threshold=threshold))


def find_middle(scores: np.ndarray) -> tuple[int, int]:
    """Row and column of the best score that is nearest to the centroid of all best ones.

    In steps of the grid; the first one if several are equally near.
    """
    best = np.argwhere(np.isclose(scores, scores.max(), atol=1e-9))
    offsets = len(best) * best - best.sum(axis=0)  # whole numbers, so that rounding breaks no tie
    row, column = best[(offsets**2).sum(axis=1).argmin()].tolist()
    return row, column


def score(one: HeldOut, rankings: Sequence[pd.Series], model: PeerModel) -> np.ndarray:
    """The adjusted Rand index of each ranking at each of `partition.THRESHOLDS`."""
    odds = model.log_odds(one.pairs.pairs, len(one.rows))
    truth, weights = one.rows["cluster"], one.rows["weight"].to_numpy()
    scores = []
    for ranked in rankings:
        first = ranked[one.rows["image"]].str[0].to_numpy()
        new = np.flatnonzero(first == NEW_WHALE)
        tried = partition.partition(odds[np.ix_(new, new)], partition.THRESHOLDS)
        scores.append(
            [clustering.weighted_ari(join(first, groups), truth, weights) for groups in tried]
        )
    return np.array(scores)


def join(first: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The clusters of n photographs of one species, numbered in the order of their first members.

    first : n first answers; groups : of those that are new_whale
    """
    clusters, names = pd.factorize(first)
    clusters[first == NEW_WHALE] = len(names) + groups
    return clustering.number_in_order(clusters)


def tabulate_clusters(
    rankings: pd.Series, queries: Queries, choices: Choices, photographs: Photographs
) -> pd.DataFrame:
    """The table "clusters" of the test and of the held-out queries that were compared.

    Equal labels of two folds mean nothing. Reviewers' decisions hold in the test: held-out queries
    measure what is found without them.

    rankings : label lists of held-out and test queries by image
    """
    tables = [pd.DataFrame({"image": [], "cluster": []}, dtype=str)]
    compared = set(select_compared(queries.truth)["image"])
    for species, of, images in list_together(queries, photographs):
        own = images if of == TEST else [image for image in images if image in compared]
        first = rankings[own].str[0].to_numpy()
        new = [image for image, label in zip(own, first, strict=True) if label == NEW_WHALE]
        decided = photographs.decide(new) if of == TEST else ((), ())
        groups = choices[species, of].model.cluster(photographs.compare(of, new), *decided)
        labels = name_clusters(species, join(first, groups))
        tables.append(pd.DataFrame({"image": own, "cluster": labels}))
    return pd.concat(tables, ignore_index=True)


def name_clusters(species: str, clusters: Iterable[int]) -> list[str]:
    """Labels without spaces: cluster_<species>_<number>; cluster_<number> without a species."""
    return ["_".join(["cluster", *species.split(), str(number)]) for number in clusters]
