"""The log-odds given to new_whale: learned, fixed, swept for a score, or matched to the prior.

Every function takes held-out queries that are scored once each, by the member that holds them out.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import balanced, metrics
from pipeline.params import NewWhale

LENGTH = 5
CURVE = ["shift", "map5", "new_share"]
SHIFTS = np.linspace(-6, 6, 121)


@dataclass(frozen=True)
class TopCandidates:
    """The first candidates of q held-out queries: all that the place of new_whale depends on.

    log_odds: q x 5, of the five best candidates, best first, -inf if there are fewer
    truth_rank: q, 0 for the best candidate; 5 if the truth is not among the five, or is new
    new: q, True if new_whale is the truth; weights: q
    """

    log_odds: np.ndarray
    truth_rank: np.ndarray
    new: np.ndarray
    weights: np.ndarray

    def new_rank(self, shift: float) -> np.ndarray:
        """The number of candidates before new_whale, 0 to 5."""
        return (self.log_odds > shift).sum(axis=1)

    def precision_at_5(self, shift: float) -> np.ndarray:
        """Precision at 5 of every query with new_whale placed at `shift`."""
        new_rank = self.new_rank(shift)
        rank = np.where(self.new, new_rank, self.truth_rank + (new_rank <= self.truth_rank))
        return np.where(rank < LENGTH, 1 / (rank + 1), 0.0)

    def is_first_right(self, shift: float) -> np.ndarray:
        """Whether each query's first answer is right with new_whale placed at `shift`."""
        is_new = self.log_odds[:, 0] <= shift
        return np.where(self.new, is_new, (self.truth_rank == 0) & ~is_new)


def collect_top_candidates(log_odds: pd.DataFrame, queries: pd.DataFrame) -> TopCandidates:
    """From candidate rows (query, identity, log_odds) and queries (image, truth, weight)."""
    row = pd.Index(queries["image"]).get_indexer(log_odds["query"])
    table = log_odds.assign(row=row).sort_values(
        ["row", "log_odds", "identity"], ascending=[True, False, True]
    )
    rank = table.groupby("row").cumcount().to_numpy()
    table, rank = table[rank < LENGTH], rank[rank < LENGTH]
    top = np.full((len(queries), LENGTH), -np.inf)
    top[table["row"], rank] = table["log_odds"]
    truth = queries["truth"].to_numpy()
    truth_rank = np.full(len(queries), LENGTH)
    right = (table["identity"].to_numpy() == truth[table["row"]]).nonzero()[0]
    truth_rank[table["row"].to_numpy()[right]] = rank[right]
    return TopCandidates(top, truth_rank, truth == NEW_WHALE, queries["weight"].to_numpy())


def fit_shift(params: NewWhale, top: TopCandidates, prior: float) -> float:
    """The shift that `params.method` takes from held-out queries."""
    if params.method == "swept":
        return sweep_shift(top)
    if params.method == "prior":
        return match_prior(top, prior)
    return params.shift if params.method == "fixed" else 0.0


def sweep_shift(top: TopCandidates) -> float:
    """The middle of the best stretch of `SHIFTS` by weighted MAP@5."""
    return _choose([metrics.mean(top.precision_at_5(shift), top.weights) for shift in SHIFTS])


def sweep_balanced(top: TopCandidates, clusters: pd.Series) -> float:
    """The middle of the best stretch of `SHIFTS` by the geometric mean of BAKS and BAUS.

    clusters : q, the individual of each query

    All individuals of a kind count alike; the prior weighs the kinds against each other, and has no
    part in it.
    """
    known, new = balanced.balance(clusters, ~top.new), balanced.balance(clusters, top.new)
    rights = (top.is_first_right(shift) for shift in SHIFTS)
    return _choose([balanced.geometric_mean(right, known, new) for right in rights])


def _choose(scores: list[float]) -> float:
    best = np.flatnonzero(np.isclose(scores, max(scores), atol=1e-9))
    return float(SHIFTS[best[len(best) // 2]])


def match_prior(top: TopCandidates, prior: float) -> float:
    """The shift at which new_whale comes first for the fraction `prior` of weighted queries."""
    order = np.argsort(top.log_odds[:, 0], kind="stable")
    fraction = np.cumsum(top.weights[order]) / top.weights.sum()
    # the last sum may fall short of 1 by rounding
    at = min(int(np.searchsorted(fraction, prior - 1e-12)), len(order) - 1)
    return float(top.log_odds[order, 0][at])


def build_curve(top: TopCandidates) -> pd.DataFrame:
    """MAP@5 and the fraction answered new at every shift: columns CURVE."""
    rows = [
        {
            "shift": round(float(shift), 3),
            "map5": metrics.mean(top.precision_at_5(shift), top.weights),
            "new_share": metrics.mean(top.new_rank(shift) == 0, top.weights),
        }
        for shift in SHIFTS
    ]
    return pd.DataFrame(rows)
