"""Reliability diagrams: of what is stated with 90 %, nine of ten should come true."""

import numpy as np
import pandas as pd

TENTHS = np.linspace(0, 1, 11)
# pairs of photographs are seldom the same animal: most of the scale's use is near 0
PAIRS = np.array([0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1])


def build_diagram(
    probability: np.ndarray, right: np.ndarray, weights: np.ndarray, edges: np.ndarray
) -> pd.DataFrame:
    """n stated probabilities with what came true (n, bool), by bins between `edges`.

    Columns: probability, the bin's weighted mean; frequency, how often it came true; fraction, how
    much of all weight is in the bin. A bin without weight is left out.

        probabilities .1 .1 .9 .8, right no no yes no  ->  (.1, 0), (.85, .5)
    """
    bins = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, len(edges) - 2)
    weight = np.bincount(bins, weights)
    used = np.flatnonzero(weight > 0)
    stated, true = (np.bincount(bins, weights * values)[used] for values in (probability, right))
    columns = {"probability": stated / weight[used], "frequency": true / weight[used]}
    return pd.DataFrame({**columns, "fraction": weight[used] / weight.sum()})


def calibration_error(diagram: pd.DataFrame) -> float:
    """Expected calibration error: the mean distance of probability and frequency; NaN if empty.

    (Naeini, Cooper and Hauskrecht 2015, with the bins of `build_diagram`.)
    """
    if diagram.empty:
        return float("nan")
    distance = (diagram["probability"] - diagram["frequency"]).abs()
    return float((diagram["fraction"] * distance).sum())
