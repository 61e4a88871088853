"""One fold's candidates: every (query, identity) that any member of an ensemble speaks of."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data import evidence
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import calibration
from pipeline.params import Ensemble


@dataclass(frozen=True)
class FoldEvidence:
    """What an ensemble's members with one fold held out say of their queries.

    queries: q rows as `gallery.query_rows` gives them
    query, identity: n candidate rows, sorted by query (a position in `queries`)
    scores: n x s, no gaps; columns "voice.source"
    sizes: n, photographs of the candidate in this fold's gallery
    """

    fold: int
    queries: pd.DataFrame
    query: np.ndarray
    identity: np.ndarray
    scores: pd.DataFrame
    sizes: np.ndarray

    def choices(self, weights: np.ndarray) -> calibration.Choices:
        """The candidates as a fit takes them; `weights` are one a query."""
        truth = self.queries["truth"].to_numpy()
        return calibration.Choices(
            scores=self.scores.to_numpy(),
            query=self.query,
            right=self.identity == truth[self.query],
            new=truth == NEW_WHALE,
            weights=weights,
        )

    def only(self, chosen: np.ndarray) -> "FoldEvidence":
        """The queries where `chosen` (q, bool) is true, with their candidates."""
        rows = chosen[self.query]
        position = np.cumsum(chosen) - 1
        return FoldEvidence(
            self.fold,
            self.queries[chosen].reset_index(drop=True),
            position[self.query[rows]],
            self.identity[rows],
            self.scores[rows].reset_index(drop=True),
            self.sizes[rows],
        )


def sources(recipe: Ensemble) -> dict[str, list[str]]:
    """The scores that a recipe asks of each voice: of every backbone, and of local features."""
    asked = dict.fromkeys(recipe.active_backbones(), recipe.scores)
    return asked | ({evidence.LOCAL: recipe.local_scores()} if recipe.local_scores() else {})


def fold_evidence(
    fold: int,
    tables: dict[str, pd.DataFrame],
    sources: dict[str, list[str]],
    queries: pd.DataFrame,
    gallery: pd.DataFrame,
) -> FoldEvidence:
    """Join the evidence of each voice (`tables`: long tables by its name) of one fold.

    A voice is a backbone, or evidence.LOCAL; `sources` are those that are asked of each.
    A candidate that a backbone's source leaves out takes that source's lowest score for the query:
    it is ranked last there, not 0. One that local features leave out has no vote and no match: 0.
    """
    parts = [
        evidence.wide(table, sources[voice]).add_prefix(f"{voice}.")
        for voice, table in tables.items()
    ]
    joined = pd.concat(parts, axis=1, join="outer").sort_index()
    position = pd.Series(np.arange(len(queries)), index=queries["image"])
    query = position.loc[joined.index.get_level_values("query")].to_numpy()
    joined = joined.iloc[np.argsort(query, kind="stable")]
    local = joined.columns.str.startswith(f"{evidence.LOCAL}.")
    joined = joined.mask(joined.isna() & local, 0.0)
    query = np.sort(query, kind="stable")
    identity = joined.index.get_level_values("identity").to_numpy(dtype=object)
    scores = pd.DataFrame(calibration.filled(joined.reset_index(drop=True), query))
    counts = gallery["identity"].value_counts()
    return FoldEvidence(
        fold,
        queries.reset_index(drop=True),
        query,
        identity,
        scores.set_axis(joined.columns, axis=1),
        counts.reindex(identity).to_numpy(),
    )


def stacked(parts: list[FoldEvidence]) -> FoldEvidence:
    """Several folds as one, for a fit: their queries one after another (fold is -1)."""
    offsets = np.cumsum([0, *(len(part.queries) for part in parts)])
    return FoldEvidence(
        -1,
        pd.concat([part.queries for part in parts], ignore_index=True),
        np.concatenate([part.query + at for part, at in zip(parts, offsets, strict=False)]),
        np.concatenate([part.identity for part in parts]),
        pd.concat([part.scores for part in parts], ignore_index=True),
        np.concatenate([part.sizes for part in parts]),
    )
