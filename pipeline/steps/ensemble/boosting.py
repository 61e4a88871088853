"""LightGBM over candidate features, with new_whale as one more candidate.

Features may not drift between held-out and test, where galleries differ: gaps are taken within the
query. How many photographs of a candidate the gallery has is no feature: a held-out query's own
part is missing there, so that where individuals have equally many photographs, the right one would
be the one with fewer. Nor may features tell tied candidates apart, whose order is that of their
names: without keypoints all have the same local scores.
"""

from typing import Self

import lightgbm
import numpy as np
import pandas as pd

from pipeline.models import boosted_trees
from pipeline.params import Boosting
from pipeline.steps.ensemble.assemble import FoldEvidence

MIN_PROBABILITY = 1e-6


class BoostedBlend:
    """Boosted trees for "is this the answer?": a row per candidate and new_whale's per query."""

    def __init__(self, params: Boosting, seed: int) -> None:
        self.params, self.seed = params, seed

    def fit(self, evidence: FoldEvidence, weights: np.ndarray) -> Self:
        """Fit on queries with known truth, one weight per query; returns self."""
        choices = evidence.to_choices(weights)
        target = np.concatenate([choices.right, choices.new])
        weight = np.concatenate([weights[evidence.query], weights])
        data = lightgbm.Dataset(build_features(evidence), target.astype(float), weight=weight)
        settings = boosted_trees.lightgbm_parameters(self.params) | {"seed": self.seed}
        self.trees_ = lightgbm.train(settings, data, num_boost_round=self.params.rounds)
        return self

    def log_odds(self, evidence: FoldEvidence) -> np.ndarray:
        """log P(candidate) / P(new_whale), one per candidate row."""
        probability = np.clip(self.trees_.predict(build_features(evidence)), MIN_PROBABILITY, 1)
        candidates, new = np.split(probability, [len(evidence.query)])
        return np.log(candidates) - np.log(new[evidence.query])


def build_features(evidence: FoldEvidence) -> pd.DataFrame:
    """n + q rows: the candidates', then new_whale's for every query."""
    candidates = build_candidate_features(evidence)
    new = build_new_features(candidates, evidence)
    return pd.concat([candidates.assign(new=0), new.assign(new=1)])


def build_candidate_features(evidence: FoldEvidence) -> pd.DataFrame:
    """Each score with its rank and gap to the best other; the mean rank; how often it is first."""
    columns: dict[str, pd.Series | np.ndarray] = {}
    for name, values in evidence.scores.items():
        rank = rank_candidates(values, evidence.query)
        gap = _compute_gaps(values, rank, evidence)
        columns |= {str(name): values, f"{name} rank": rank, f"{name} gap": gap}
    table = pd.DataFrame(columns)
    ranks = table.filter(like=" rank")
    return table.assign(mean_rank=ranks.mean(axis=1), firsts=(ranks == 1).sum(axis=1))


def rank_candidates(values: pd.Series, query: np.ndarray) -> pd.Series:
    """n ranks within the queries: 1 + how many score higher, + 1 if any scores the same.

    So 1 is the best alone. That all who tie have the last of their places would tell how many
    candidates there are; that they have the first would make each of them the best.
    """
    grouped = values.groupby(query)
    first, last = (grouped.rank(ascending=False, method=method) for method in ("min", "max"))
    return first + (last > first)


def _compute_gaps(values: pd.Series, rank: pd.Series, evidence: FoldEvidence) -> np.ndarray:
    """The score minus the query's best other score (positive for the first alone)."""
    scores, is_first = values.to_numpy(), (rank == 1).to_numpy()
    best, second = (np.full(len(evidence.queries), np.nan) for _ in range(2))
    np.fmax.at(best, evidence.query, scores)
    np.fmax.at(second, evidence.query[~is_first], scores[~is_first])
    return scores - np.where(is_first, second[evidence.query], best[evidence.query])


def build_new_features(candidates: pd.DataFrame, evidence: FoldEvidence) -> pd.DataFrame:
    """new_whale's row: each feature's greatest value among the query's candidates.

    But no ranks: the greatest is the number of candidates. Where all individuals are candidates, a
    held-out query of a new one has one candidate fewer than the test.
    """
    greatest = candidates.groupby(evidence.query).max()
    greatest.loc[:, greatest.columns.str.endswith("rank")] = 0.0
    return greatest.reindex(range(len(evidence.queries)))
