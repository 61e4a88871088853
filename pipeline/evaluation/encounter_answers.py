"""One answer to the photographs of an encounter, which depend on each other.

Of independent photographs the log-odds against new_whale would add up, and what was likely before
any photograph would count once. Those of one minute show one pose, light and sea, and repeat each
other's errors. So k of them count as k ^ (1 - dependence): with dependence 0 as k, with 1 as a
single one. The log-odds of a candidate are

    count * mean + (1 - count) * before

where `mean` is that of the photographs' log-odds and `before` the log-odds before any photograph.
Both numbers are fitted to the truth of held-out encounters. One photograph keeps its answer.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import calibration, protocol
from pipeline.evaluation.coverage import count_individuals

MIN_ENCOUNTERS = 20  # of several photographs; fewer fit nothing: they count as one photograph
START = (0.5, -5.0)
BOUNDS = ((0.0, 1.0), (-20.0, 20.0))
UNITS = ["encounter", "truth", "kind", "cluster"]  # all photographs of one animal in an encounter


def average_photographs(log_odds: pd.DataFrame, encounter: pd.Series) -> pd.DataFrame:
    """The mean log-odds of the photographs of each encounter.

    log_odds : columns query, fold, identity, log_odds
    encounter : of every query, by its name

    Columns: encounter, fold, identity, mean, photographs (how many the encounter has). A candidate
    that a photograph leaves out has that photograph's lowest log-odds.
    """
    rows = log_odds.assign(encounter=log_odds["query"].map(encounter))
    own = ["encounter", "fold", "query"]
    lowest = rows.groupby(own)["log_odds"].min()
    floor = lowest.groupby(["encounter", "fold"]).agg(["mean", "size"])
    above = rows["log_odds"] - rows.groupby(own)["log_odds"].transform("min")
    summed = above.groupby([rows["encounter"], rows["fold"], rows["identity"]]).sum()
    table = summed.rename("above").reset_index().join(floor, on=["encounter", "fold"])
    mean = table["mean"] + table["above"] / table["size"]
    return table[["encounter", "fold", "identity"]].assign(mean=mean, photographs=table["size"])


@dataclass(frozen=True)
class Encounters:
    """The averaged candidates of encounters, and what their photographs show.

    averaged : as of `average_photographs`
    truth : one row per photograph: UNITS, the encounter's number, and what it shows
    """

    averaged: pd.DataFrame
    truth: pd.DataFrame

    def select(self, chosen: np.ndarray) -> "Encounters":
        """Those of the photographs for which `chosen` (bool, by rows of `truth`) is true."""
        truth = self.truth[chosen]
        return Encounters(self.averaged[self.averaged["encounter"].isin(truth["encounter"])], truth)


class EncounterModel:
    """How much the photographs of an encounter say together.

    Attributes: dependence_ (0 to 1), before_.
    """

    def __init__(self) -> None:
        self.dependence_, self.before_ = 1.0, 0.0

    def fit(self, known: Encounters, prior: float) -> Self:
        """Fit to encounters of several photographs by weighted maximum likelihood; returns self.

        Every encounter weighs the same, and new individuals `prior` of all. With fewer than
        MIN_ENCOUNTERS, or of known or of new individuals alone, nothing is fitted: k photographs
        count as one.
        """
        size = known.averaged.groupby("encounter")["photographs"].max()
        known = known.select((known.truth["encounter"].map(size) > 1).to_numpy())
        units = known.truth[UNITS].drop_duplicates()
        enough = units["encounter"].nunique() >= MIN_ENCOUNTERS
        if enough and count_individuals(units).is_complete:
            choices = _to_choices(known.averaged, units, prior)
            fitted = minimize(_loss, START, (choices,), method="L-BFGS-B", bounds=BOUNDS)
            self.dependence_, self.before_ = (float(value) for value in fitted.x)
        return self

    def count(self, photographs: np.ndarray) -> np.ndarray:
        """As how many independent photographs so many count."""
        return np.asarray(photographs, float) ** (1 - self.dependence_)

    def log_odds(self, averaged: pd.DataFrame) -> pd.DataFrame:
        """Columns query (the encounter), fold, identity, log_odds, of `average_photographs`."""
        values = _combine(
            averaged["mean"].to_numpy(),
            self.count(averaged["photographs"].to_numpy()),
            self.before_,
        )
        table = averaged[["fold", "identity"]].assign(query=averaged["encounter"], log_odds=values)
        return table[["query", "fold", "identity", "log_odds"]]


def _combine(mean: np.ndarray, count: np.ndarray, before: float) -> np.ndarray:
    return count * mean + (1 - count) * before


@dataclass(frozen=True)
class _Choices:
    """Candidates of u units, sorted by unit: mean log-odds and number of photographs, both n."""

    mean: np.ndarray
    photographs: np.ndarray
    unit: np.ndarray
    right: np.ndarray
    new: np.ndarray
    weights: np.ndarray


def _to_choices(averaged: pd.DataFrame, units: pd.DataFrame, prior: float) -> _Choices:
    """The units' candidates; a unit whose truth is none of them, nor new, weighs nothing."""
    units = units.assign(unit=np.arange(len(units)), new=units["truth"] == NEW_WHALE)
    rows = units.merge(averaged, on="encounter").sort_values("unit", kind="stable")
    right = (rows["identity"] == rows["truth"]).to_numpy()
    unit = rows["unit"].to_numpy()
    has_truth = np.bincount(unit[right], minlength=len(units)) + units["new"].to_numpy() > 0
    weights = protocol.query_weights(units["kind"], prior) * has_truth
    return _Choices(
        rows["mean"].to_numpy(),
        rows["photographs"].to_numpy(float),
        unit,
        right,
        units["new"].to_numpy(),
        weights / max(weights.sum(), 1e-9),
    )


def _loss(theta: np.ndarray, choices: _Choices) -> float:
    """The weighted mean of -log P(truth) at theta = (dependence, before)."""
    utilities = _combine(choices.mean, choices.photographs ** (1 - theta[0]), theta[1])
    units = len(choices.new)
    _, _, log_total = calibration.softmax(utilities, 0.0, choices.unit, units)
    truth = np.bincount(choices.unit, choices.right * utilities, units)
    return float(choices.weights @ (log_total - truth))
