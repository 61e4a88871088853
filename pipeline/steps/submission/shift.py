"""How much log-odds new_whale is given: learned, fixed, swept for MAP@5, or matched to the prior.

Every function takes held-out queries that are answered once each, by their own member.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import metrics
from pipeline.params import NewWhale

LENGTH = 5
SHIFTS = np.linspace(-6, 6, 121)


@dataclass(frozen=True)
class Answered:
    """q held-out queries: what is needed to know where new_whale would land.

    odds: q x 5, log-odds of the five best candidates, best first, -inf where there are fewer
    truth_rank: q, 0 for the best candidate; 5 where the truth is not among the five, or is new
    new: q, True where new_whale is the truth; weights: q
    """

    odds: np.ndarray
    truth_rank: np.ndarray
    new: np.ndarray
    weights: np.ndarray

    def new_place(self, shift: float) -> np.ndarray:
        """How many candidates stand before new_whale, 0 to 5."""
        return (self.odds > shift).sum(axis=1)

    def precision(self, shift: float) -> np.ndarray:
        """Precision at 5 of every query with new_whale placed at `shift`."""
        place = self.new_place(shift)
        rank = np.where(self.new, place, self.truth_rank + (place <= self.truth_rank))
        return np.where(rank < LENGTH, 1 / (rank + 1), 0.0)


def answered(log_odds: pd.DataFrame, queries: pd.DataFrame) -> Answered:
    """From candidate rows (query, identity, log_odds) and queries (image, truth, weight)."""
    row = pd.Index(queries["image"]).get_indexer(log_odds["query"])
    table = log_odds.assign(row=row).sort_values(
        ["row", "log_odds", "identity"], ascending=[True, False, True]
    )
    rank = table.groupby("row").cumcount().to_numpy()
    table, rank = table[rank < LENGTH], rank[rank < LENGTH]
    odds = np.full((len(queries), LENGTH), -np.inf)
    odds[table["row"], rank] = table["log_odds"]
    truth = queries["truth"].to_numpy()
    truth_rank = np.full(len(queries), LENGTH)
    right = (table["identity"].to_numpy() == truth[table["row"]]).nonzero()[0]
    truth_rank[table["row"].to_numpy()[right]] = rank[right]
    return Answered(odds, truth_rank, truth == NEW_WHALE, queries["weight"].to_numpy())


def chosen(params: NewWhale, fit: Answered, prior: float) -> float:
    """The shift that `params.method` takes from the queries in `fit`."""
    if params.method == "swept":
        return swept(fit)
    if params.method == "prior":
        return matched(fit, prior)
    return params.shift if params.method == "fixed" else 0.0


def swept(fit: Answered) -> float:
    """The middle of the best stretch of `SHIFTS` by weighted MAP@5."""
    scores = np.array([metrics.mean(fit.precision(shift), fit.weights) for shift in SHIFTS])
    best = np.flatnonzero(np.isclose(scores, scores.max(), atol=1e-9))
    return float(SHIFTS[best[len(best) // 2]])


def matched(fit: Answered, prior: float) -> float:
    """The shift at which new_whale comes first for the share `prior` of the weighted queries."""
    order = np.argsort(fit.odds[:, 0], kind="stable")
    share = np.cumsum(fit.weights[order]) / fit.weights.sum()
    return float(fit.odds[order, 0][np.searchsorted(share, prior - 1e-12)])


def curve(fit: Answered) -> pd.DataFrame:
    """MAP@5 and the share answered new at every shift: columns shift, map5, new_share."""
    rows = [
        {
            "shift": round(float(shift), 3),
            "map5": metrics.mean(fit.precision(shift), fit.weights),
            "new_share": metrics.mean(fit.new_place(shift) == 0, fit.weights),
        }
        for shift in SHIFTS
    ]
    return pd.DataFrame(rows)
