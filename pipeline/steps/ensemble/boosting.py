"""LightGBM over candidate features, with new_whale as one candidate more.

Features may not drift between held-out and test, where galleries differ: scores and gaps are taken
within the query, sizes from that member's own gallery.
"""

import lightgbm
import numpy as np
import pandas as pd

from pipeline.models import boosted_trees
from pipeline.params import Boosting
from pipeline.steps.ensemble.assemble import FoldEvidence

FLOOR = 1e-6


class Booster:
    """Boosted trees for "is this the answer?": a row a candidate and one for new_whale a query."""

    def __init__(self, params: Boosting, seed: int) -> None:
        self.params, self.seed = params, seed

    def fit(self, evidence: FoldEvidence, weights: np.ndarray) -> "Booster":
        choices = evidence.choices(weights)
        target = np.concatenate([choices.right, choices.new])
        weight = np.concatenate([weights[evidence.query], weights])
        data = lightgbm.Dataset(features(evidence), target.astype(float), weight=weight)
        settings = boosted_trees.settings(self.params) | {"seed": self.seed}
        self.trees_ = lightgbm.train(settings, data, num_boost_round=self.params.rounds)
        return self

    def log_odds(self, evidence: FoldEvidence) -> np.ndarray:
        """log P(candidate) / P(new_whale), one a candidate row."""
        chance = np.clip(self.trees_.predict(features(evidence)), FLOOR, 1)
        candidates, new = np.split(chance, [len(evidence.query)])
        return np.log(candidates) - np.log(new[evidence.query])


def features(evidence: FoldEvidence) -> pd.DataFrame:
    """n + q rows: the candidates', then new_whale's for every query."""
    own = candidate_features(evidence)
    return pd.concat([own.assign(new=0), new_features(own, evidence).assign(new=1)])


def candidate_features(evidence: FoldEvidence) -> pd.DataFrame:
    """For each score its value, rank and gap to the best other; the mean rank; the class size."""
    columns = {}
    for name, values in evidence.scores.items():
        grouped = values.groupby(evidence.query)
        rank = grouped.rank(ascending=False, method="first")
        columns |= {name: values, f"{name} rank": rank, f"{name} gap": _gap(values, rank, evidence)}
    table = pd.DataFrame(columns)
    ranks = table.filter(like=" rank")
    return table.assign(
        mean_rank=ranks.mean(axis=1), firsts=(ranks == 1).sum(axis=1), size=evidence.sizes
    )


def _gap(values: pd.Series, rank: pd.Series, evidence: FoldEvidence) -> np.ndarray:
    """The score minus the query's best other score (positive for the first alone)."""
    count = len(evidence.queries)
    best, second = np.full(count, np.nan), np.full(count, np.nan)
    for place, into in ((1, best), (2, second)):
        chosen = (rank == place).to_numpy()
        into[evidence.query[chosen]] = values[chosen]
    rival = np.where(rank == 1, second[evidence.query], best[evidence.query])
    return values.to_numpy() - rival


def new_features(own: pd.DataFrame, evidence: FoldEvidence) -> pd.DataFrame:
    """new_whale's row: each feature's greatest value among the query's candidates."""
    greatest = own.groupby(evidence.query).max()
    return greatest.reindex(range(len(evidence.queries)))
