"""Scores of one species at a time, and their mean, as AnimalCLEF has them."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

Statistic = Callable[[np.ndarray], float]
"""A score by how often each photograph counts; NaN if it is not measured."""


def prepare(
    rows: pd.DataFrame, prepare_one: Callable[[pd.DataFrame], Statistic]
) -> Callable[[np.ndarray], dict[str, float]]:
    """The score of each species by how often each of n rows counts.

    rows : n, with a column species, "" if it is not known; prepare_one : of one species' rows
    """
    places = {str(name): place for name, place in rows.groupby("species").indices.items()}
    statistics = {name: prepare_one(rows.iloc[place]) for name, place in places.items()}
    return lambda times: {name: statistics[name](times[place]) for name, place in places.items()}


def average(scores: Mapping[str, float]) -> float:
    """The mean over the species that are measured (not NaN); NaN if none is."""
    measured = [score for score in scores.values() if not np.isnan(score)]
    return float(np.mean(measured)) if measured else float("nan")
