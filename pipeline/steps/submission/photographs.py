"""The photographs of a database that show a query's individual, best first.

What is known best is who a query shows, by all evidence of the ensemble. A photograph of the
database has a label, or a posterior of its own; so two photographs show one animal with probability

    sum over known individuals i of P(query is i) P(photograph is i)
        + P(query is new) P(photograph is new) P(two new photographs show one animal)

and the last is that of the stage `verify`, by similarity and verified inliers. Photographs that are
equally likely, as all of one individual are, follow by the same evidence of the pair.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.special import expit

from pipeline.data import gallery, tables, viewpoints
from pipeline.data.gallery import KNOWN
from pipeline.data.scenarios import LENGTH, Scenarios
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.submission import contract

BLOCK = 64  # queries that are compared with a database at once
COLUMNS = ["query", "photograph", "score"]
RANK_WEIGHT = 1e-3  # of the rank in a score: it tells apart what is equally likely

# similarity, inliers and weighted inliers of n pairs -> n log-odds that they show one animal
LogOdds = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True)
class Pairs:
    """What two photographs have in common.

    images : n names; vectors : n x d unit vectors
    matched : pairs (query, image, inliers, weighted_inliers), of which those of two directions, as
        of two queries, count as their mean; one that was not matched has no inliers
    viewpoint : as of `artefacts.load_viewpoints`
    """

    images: Sequence[str]
    vectors: np.ndarray
    matched: pd.DataFrame
    log_odds: LogOdds
    viewpoint: Mapping[str, str]

    def compare(
        self, queries: Sequence[str], database: Sequence[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The log-odds and the similarities of q queries and d photographs, q x d each.

        Log-odds are -inf where the viewpoints are not comparable. A photograph without a vector,
        which can't be read, is similar to none.
        """
        similarity = self._embed(queries) @ self._embed(database).T
        scores = {"similarity": similarity.ravel(), **self._select_matched(queries, database)}
        odds = self.log_odds(pd.DataFrame(scores)).reshape(similarity.shape)
        return np.where(self._are_comparable(queries, database), odds, -np.inf), similarity

    def _embed(self, names: Sequence[str]) -> np.ndarray:
        rows = pd.Index(self.images).get_indexer(pd.Index(names))
        return np.where(rows[:, None] >= 0, self.vectors[rows], 0.0)

    def _select_matched(
        self, queries: Sequence[str], database: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """The matched pairs' inliers and weighted inliers among q d pairs, each q d numbers."""
        row, column = (
            pd.Index(names).get_indexer(pd.Index(self.matched[key]))
            for names, key in ((queries, "query"), (database, "image"))
        )
        own = (row >= 0) & (column >= 0)
        at, count = (row * len(database) + column)[own], len(queries) * len(database)
        times = np.maximum(np.bincount(at, minlength=count), 1)
        return {
            name: np.bincount(at, self.matched[name].to_numpy(dtype=float)[own], count) / times
            for name in ("inliers", "weighted_inliers")
        }

    def _are_comparable(self, queries: Sequence[str], database: Sequence[str]) -> np.ndarray:
        words = np.array([self.viewpoint.get(name, "") for name in database], dtype=object)
        own = [self.viewpoint.get(name, "") for name in queries]
        rows = {word: viewpoints.are_comparable(word, words) for word in set(own)}
        return np.stack([rows[word] for word in own])


@dataclass(frozen=True)
class Individuals:
    """Whom each photograph shows: n posteriors over k identities, new_whale the last one.

    images : n names
    """

    images: pd.Index
    posteriors: csr_array

    @classmethod
    def build(cls, posteriors: pd.DataFrame, labels: pd.DataFrame) -> "Individuals":
        """From posteriors (query, identity, posterior) and labels (image, identity), which win."""
        certain = labels.set_axis(["query", "identity"], axis=1).assign(posterior=1.0)
        guessed = posteriors[~posteriors["query"].isin(certain["query"])]
        table = pd.concat([guessed, certain], ignore_index=True)
        row, images = pd.factorize(table["query"])
        known = sorted(set(table["identity"]) - {NEW_WHALE})
        column = pd.Index([*known, NEW_WHALE]).get_indexer(pd.Index(table["identity"]))
        shape = (len(images), len(known) + 1)
        values = table["posterior"].to_numpy(dtype=float)
        return cls(pd.Index(images), csr_array((values, (row, column)), shape))

    def of(self, names: Sequence[str]) -> csr_array:
        """The posteriors of the photographs `names`; 0 of one about which nothing is known."""
        rows = self.images.get_indexer(pd.Index(names))
        at = np.flatnonzero(rows >= 0)
        chosen = csr_array(
            (np.ones(len(at)), (at, rows[at])), (len(rows), self.posteriors.shape[0])
        )
        return chosen @ self.posteriors


def compute_probabilities(queries: csr_array, database: csr_array, odds: np.ndarray) -> np.ndarray:
    """The q x d probabilities that a query and a photograph show one animal.

    queries, database : q x k and d x k posteriors; odds : q x d log-odds of the pairs
    """
    known = (queries[:, :-1] @ database[:, :-1].T).toarray()
    new, new_there = queries[:, [-1]].toarray(), database[:, [-1]].toarray()
    return known + new @ new_there.T * expit(odds)


def rank(
    queries: Sequence[str], database: Sequence[str], individuals: Individuals, pairs: Pairs
) -> pd.DataFrame:
    """The first 20 photographs of each query, best first: columns COLUMNS.

    A query that is in the database itself does not find itself.
    """
    found = [pd.DataFrame({name: [] for name in COLUMNS}).astype({"query": str, "photograph": str})]
    names, there = np.array(database, dtype=object), individuals.of(database)
    for start in range(0, len(queries), BLOCK):
        block = list(queries[start : start + BLOCK])
        odds, similarity = pairs.compare(block, database)
        same = compute_probabilities(individuals.of(block), there, odds)
        own = names == np.array(block, dtype=object)[:, None]
        order = np.lexsort((-similarity, -odds, -same, own))[:, :LENGTH]
        chosen = ~np.take_along_axis(own, order, axis=1)
        scores = blend_rank(np.take_along_axis(same, order, axis=1))
        query = np.repeat(block, chosen.sum(axis=1))
        table = dict(zip(COLUMNS, (query, names[order][chosen], scores[chosen]), strict=True))
        found.append(pd.DataFrame(table))
    return pd.concat(found, ignore_index=True)


def blend_rank(probabilities: np.ndarray) -> np.ndarray:
    """Scores from 0 to 1 that fall with each of k ranks, q x k: almost the probabilities."""
    fall = 1 - np.arange(probabilities.shape[1]) / LENGTH
    return (1 - RANK_WEIGHT) * probabilities.clip(0, 1) + RANK_WEIGHT * fall


def find_held_out(
    queries: pd.DataFrame,
    folds: pd.DataFrame,
    posteriors: pd.DataFrame,
    load_pairs: Callable[[int], Pairs],
) -> pd.DataFrame:
    """The photographs of held-out queries in their galleries (`rank`).

    queries : as `gallery.held_out_rows`; only known individuals have photographs to find
    load_pairs : of the fold's queries and all labelled photographs
    """
    found = []
    for fold, of_fold in queries[queries["kind"] == KNOWN].groupby("fold"):
        pairs = load_pairs(int(str(fold)))
        for at, rows in gallery.split_by_gallery(folds, of_fold):
            individuals = Individuals.build(posteriors, rows[["image", "identity"]])
            own = of_fold["image"].iloc[at].tolist()
            found.append(rank(own, rows["image"].tolist(), individuals, pairs))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)


def answer(scenarios: Scenarios, individuals: Individuals, pairs: Pairs) -> pd.DataFrame:
    """The photographs of each query of each scenario, by the query's own name (`rank`)."""
    found = []
    for queries, database in scenarios.split():
        images = queries["image"].unique().tolist()
        table = rank(images, database, individuals, pairs).rename(columns={"query": "image"})
        found.append(queries[["query", "image"]].merge(table, on="image")[COLUMNS])
    return pd.concat(found, ignore_index=True)


def write_answers(found: pd.DataFrame, scenarios: Scenarios, path: Path) -> None:
    """Write the answers (COLUMNS) as Where's Whale-do wants them.

    Raises ValueError, and writes nothing, if they break its rules (`contract.check_photographs`).
    """
    contract.check_photographs(found, scenarios)
    named = found.set_axis(["query_id", "database_image_id", "score"], axis=1)
    tables.write_csv(named.round({"score": 6}), path)
