"""Clusters of unknown individuals: how likely two queries show one animal, and who is joined.

Learned from the held-out queries of each fold, compared with each other as the test's are: neither
photograph of a pair was trained on. A pair that was not matched has no inliers; its similarity
tells that it is unlikely.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.spatial.distance import squareform
from scipy.special import logit

from pipeline.evaluation import clustering, partition
from pipeline.evaluation.components import find_components, renumber, split
from pipeline.evaluation.pair_model import SCORES, PairModel

BLOCK = 1_000_000  # pairs whose scores are standardized at once
MOST_UNMATCHED = 200_000  # pairs of one set that are fitted on, beside all matched ones
SEED = 0
MEASURES = ("ari", "precision", "recall")
Decided = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class PeerSet:
    """The photographs of one set, compared with each other.

    images : n names; vectors : n x d unit vectors
    matched : pairs (query, image, inliers, weighted_inliers); the two directions of one count as
        their mean; pairs of other photographs are left out
    """

    images: Sequence[str]
    vectors: np.ndarray
    matched: pd.DataFrame

    @cached_property
    def matched_rows(self) -> pd.DataFrame:
        """Columns first, second (rows, first < second) and SCORES of the matched pairs."""
        rows = pd.Index(self.images)
        ends = [rows.get_indexer(pd.Index(self.matched[name])) for name in ("query", "image")]
        first, second = np.minimum(*ends), np.maximum(*ends)
        table = self.matched[SCORES[1:]].astype(float).assign(first=first, second=second)
        means = table[first >= 0].groupby(["first", "second"], as_index=False).mean()
        one, other = (self.vectors[means[name]] for name in ("first", "second"))
        return means.assign(similarity=np.einsum("ij,ij->i", one, other))

    def tabulate(self) -> pd.DataFrame:
        """Columns SCORES and is_matched of the n (n - 1) / 2 pairs, as `np.triu_indices`."""
        return tabulate(self.vectors, self.matched_rows)


def tabulate(vectors: np.ndarray, matched: pd.DataFrame) -> pd.DataFrame:
    """Columns SCORES and is_matched of all pairs of n photographs, as `np.triu_indices`.

    vectors : n x d unit vectors; matched : as of `PeerSet.matched_rows`
    """
    count = len(vectors)
    table = pd.DataFrame({"similarity": squareform(vectors @ vectors.T, checks=False)})
    first, second = matched["first"].to_numpy(), matched["second"].to_numpy()
    places = first * (2 * count - first - 1) // 2 + second - first - 1
    for name in SCORES[1:]:
        table[name] = spread(matched[name].to_numpy(), places, len(table))
    return table.assign(is_matched=spread(np.ones(len(places), bool), places, len(table)))


def spread(values: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """Values at their places among `count`; 0 elsewhere."""
    column = np.zeros(count, values.dtype)
    column[places] = values
    return column


@dataclass(frozen=True)
class LabelledSet:
    """A set with its individuals: the n x n log-odds follow from a table of all pairs."""

    individuals: np.ndarray
    pairs: pd.DataFrame

    def label(self) -> pd.DataFrame:
        """Matched pairs and a sample of the others, with columns same and weight."""
        codes, _ = pd.factorize(self.individuals)
        first, second = np.triu_indices(len(codes), 1)
        pairs = self.pairs.assign(same=codes[first] == codes[second], weight=1.0)
        others = pairs[~pairs["is_matched"]]
        if len(others) > MOST_UNMATCHED:
            sample = others.sample(MOST_UNMATCHED, random_state=SEED)
            others = sample.assign(weight=len(others) / MOST_UNMATCHED)
        return pd.concat([pairs[pairs["is_matched"]], others])


@dataclass(frozen=True)
class PeerModel:
    """Decides which photographs share a cluster.

    prior : the fraction of held-out pairs that show one individual
    threshold : of the mean log-odds (`partition`); None if no two photographs show one individual
    """

    model: PairModel
    prior: float
    threshold: float | None

    def pair_log_odds(self, pairs: pd.DataFrame) -> np.ndarray:
        """The log-odds that each of these pairs (columns SCORES) shows one individual."""
        return self.model.evidence(pairs) + logit(self.prior)

    def log_odds(self, pairs: pd.DataFrame, count: int) -> np.ndarray:
        """The n x n log-odds of `PeerSet.tabulate`'s pairs of n photographs."""
        odds = np.empty(len(pairs))
        for start in range(0, len(pairs), BLOCK):  # of 10,000 photographs there are 50 million
            rows = slice(start, start + BLOCK)
            odds[rows] = self.pair_log_odds(pairs.iloc[rows])
        return squareform(odds, checks=False) if count > 1 else np.zeros((count, count))

    def cluster(self, peers: PeerSet, same: Decided = (), different: Decided = ()) -> np.ndarray:
        """The clusters of n photographs, which respect decisions on pairs of names.

        Without a threshold each photograph is alone, but for those that are decided.
        """
        rows = {image: row for row, image in enumerate(peers.images)}
        joined, apart = (
            [(rows[a], rows[b]) for a, b in decided if a in rows and b in rows]
            for decided in (same, different)
        )
        threshold = partition.MOST + 1 if self.threshold is None else self.threshold
        matched = peers.matched_rows
        parts = find_components(peers.vectors, matched, self.pair_log_odds, threshold, joined)
        clusters = np.arange(len(rows))
        for own, own_matched in split(matched, parts):
            odds = self.log_odds(tabulate(peers.vectors[own], own_matched), len(own))
            decided = (renumber(pairs, own) for pairs in (joined, apart))
            (labels,) = partition.partition(odds, [threshold], *decided)
            clusters[own] = own[np.unique(labels, return_index=True)[1]][labels]
        return clustering.number_in_order(clusters)

    def to_dict(self) -> dict[str, object]:
        """The fitted numbers, for JSON."""
        return self.model.to_dict() | {"prior": self.prior, "threshold": self.threshold}

    @classmethod
    def from_dict(cls, numbers: dict) -> "PeerModel":
        """Build one from the numbers of `to_dict`."""
        own = {key: value for key, value in numbers.items() if key not in ("prior", "threshold")}
        return cls(PairModel.from_dict(own), numbers["prior"], numbers["threshold"])


ALONE = PeerModel(PairModel(), 0.5, None)  # of which no pair is known


def fit(sets: Sequence[LabelledSet]) -> PeerModel:
    """Fit on the held-out queries of several folds."""
    fitted = fit_pairs(sets)
    if fitted is None:
        return ALONE
    odds = [fitted.log_odds(one.pairs, len(one.individuals)) for one in sets]
    labelled = [(each, one.individuals) for each, one in zip(odds, sets, strict=True)]
    return replace(fitted, threshold=partition.fit_threshold(labelled))


def fit_pairs(sets: Sequence[LabelledSet]) -> PeerModel | None:
    """Fit all but the threshold; None without pairs of one individual, or of two."""
    pairs = pd.concat([one.label() for one in sets], ignore_index=True)
    if pairs["same"].nunique() < 2:
        return None
    prior = float(np.average(pairs["same"], weights=pairs["weight"]))
    return PeerModel(PairModel().fit(pairs), prior, None)


def measure(sets: Sequence[LabelledSet]) -> dict[str, float]:
    """Adjusted Rand index, precision and recall of pairs: the mean over folds.

    The clusters of each fold by a fit on the others. NaN where no fold can be measured.
    """
    scores = []
    for place, one in enumerate(sets):
        others = [*sets[:place], *sets[place + 1 :]]
        fitted = fit(others) if others else None
        is_measurable = len(set(one.individuals)) < len(one.individuals)
        if fitted is None or fitted.threshold is None or not is_measurable:
            continue
        odds = fitted.log_odds(one.pairs, len(one.individuals))
        (clusters,) = partition.partition(odds, [fitted.threshold])
        ari = clustering.score_agreement(clusters, one.individuals)["ari"]
        scores.append({"ari": ari} | clustering.score_pairs(clusters, one.individuals))
    table = pd.DataFrame(scores, columns=list(MEASURES), dtype=float)
    return {name: float(table[name].mean()) for name in MEASURES}
