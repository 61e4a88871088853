"""One fold's candidates: every (query, identity) that any member of an ensemble has a score for."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data import evidence
from pipeline.data.gallery import TEST
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import calibration
from pipeline.params import Ensemble
from pipeline.system.errors import NOT_OF_ONE_RUN, UserError


@dataclass(frozen=True)
class FoldEvidence:
    """The evidence of an ensemble's members with one fold held out, for all their queries.

    queries: q rows as `gallery.query_rows` gives them
    query, identity: n candidate rows, sorted by query (a position in `queries`)
    scores: n x s, no gaps; columns "backbone.source" or "local.source"
    """

    fold: int
    queries: pd.DataFrame
    query: np.ndarray
    identity: np.ndarray
    scores: pd.DataFrame

    @property
    def is_test(self) -> np.ndarray:
        """q bool: queries of the test, in contrast to held-out ones."""
        return (self.queries["kind"] == TEST).to_numpy()

    def to_choices(self, weights: np.ndarray) -> calibration.Choices:
        """The candidates in the form that a fit takes; `weights` has one number per query."""
        truth = self.queries["truth"].to_numpy()
        return calibration.Choices(
            scores=self.scores.to_numpy(),
            query=self.query,
            right=self.identity == truth[self.query],
            new=truth == NEW_WHALE,
            weights=weights,
        )

    def select(self, chosen: np.ndarray) -> "FoldEvidence":
        """The queries for which `chosen` (q, bool) is true, with their candidates."""
        rows = chosen[self.query]
        position = np.cumsum(chosen) - 1
        return FoldEvidence(
            self.fold,
            self.queries[chosen].reset_index(drop=True),
            position[self.query[rows]],
            self.identity[rows],
            self.scores[rows].reset_index(drop=True),
        )


def choose_sources(recipe: Ensemble, present: dict[str, set[str]]) -> dict[str, list[str]]:
    """The sources that a recipe uses, by backbone, and under evidence.LOCAL of local features.

    present : the sources that there is evidence from, by backbone

    Raises ValueError if a backbone lacks a source and every alternative to it. Local features may:
    where no photograph has any, no candidate has a vote or a match.
    """
    sources = {
        backbone: evidence.choose_sources(recipe.scores, present[backbone])
        for backbone in recipe.active_backbones()
    }
    return sources | ({evidence.LOCAL: recipe.local_scores()} if recipe.local_scores() else {})


def list_sources(assembled: FoldEvidence) -> dict[str, list[str]]:
    """The sources of evidence that is assembled already, by backbone or evidence.LOCAL."""
    sources: dict[str, list[str]] = {}
    for column in assembled.scores:
        name, _, source = str(column).rpartition(".")
        sources.setdefault(name, []).append(source)
    return sources


def assemble_fold(
    fold: int,
    tables: dict[str, pd.DataFrame],
    sources: dict[str, list[str]],
    queries: pd.DataFrame,
) -> FoldEvidence:
    """Join the evidence of all backbones and of local features for one fold.

    tables : evidence (long tables) by backbone, or under evidence.LOCAL
    sources : those that are used of each (`choose_sources`)
    queries : the fold's (`gallery.query_rows`)

    A candidate that a backbone's source leaves out takes that source's lowest score for the query:
    it is ranked last there, not 0. One that local features leave out has no vote and no match: 0.
    """
    wide = [
        evidence.pivot(table, sources[name]).add_prefix(f"{name}.")
        for name, table in tables.items()
    ]
    joined = pd.concat(wide, axis=1, join="outer").sort_index()
    query = pd.Index(queries["image"]).get_indexer(joined.index.get_level_values("query"))
    if (query < 0).any():
        stray = joined.index.get_level_values("query")[query < 0][0]
        raise UserError(f"fold {fold} has evidence on {stray}, no query of it: {NOT_OF_ONE_RUN}")
    joined = joined.iloc[np.argsort(query, kind="stable")]
    local = joined.columns.str.startswith(f"{evidence.LOCAL}.")
    joined = joined.mask(joined.isna() & local, 0.0)
    query = np.sort(query, kind="stable")
    identity = joined.index.get_level_values("identity").to_numpy(dtype=object)
    scores = pd.DataFrame(calibration.fill_missing(joined.reset_index(drop=True), query))
    return FoldEvidence(
        fold,
        queries.reset_index(drop=True),
        query,
        identity,
        scores.set_axis(joined.columns, axis=1),
    )


def stack_folds(folds: list[FoldEvidence]) -> FoldEvidence:
    """Several folds as one, for a fit: their queries one after another (fold is -1)."""
    offsets = np.cumsum([0, *(len(fold.queries) for fold in folds)])
    return FoldEvidence(
        -1,
        pd.concat([fold.queries for fold in folds], ignore_index=True),
        np.concatenate([fold.query + at for fold, at in zip(folds, offsets, strict=False)]),
        np.concatenate([fold.identity for fold in folds]),
        pd.concat([fold.scores for fold in folds], ignore_index=True),
    )


def select_tests(folds: list[FoldEvidence]) -> list[FoldEvidence]:
    """The test queries of each fold."""
    return [fold.select(fold.is_test) for fold in folds]


def stack_held_out(folds: list[FoldEvidence]) -> FoldEvidence:
    """The held-out queries of all folds, as one."""
    return stack_folds([fold.select(~fold.is_test) for fold in folds])
