"""Are the chances that are given true? Of what is called 90 % sure, 9 of 10 should be right."""

import numpy as np
import pandas as pd

TENTHS = np.linspace(0, 1, 11)
# pairs of photographs are seldom the same animal: most of the scale's use is near 0
PAIRS = np.array([0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1])


def diagram(
    chance: np.ndarray, right: np.ndarray, weights: np.ndarray, edges: np.ndarray
) -> pd.DataFrame:
    """n chances (0 to 1) with what came true (n, bool), by stretches between `edges`.

    Columns: probability, the stretch's weighted mean; frequency, how often it came true; fraction,
    how much of all weight lies there. A stretch without weight is left out.

        chances .1 .1 .9 .8, right no no yes no  ->  (.1, 0), (.85, .5)
    """
    stretch = np.clip(np.searchsorted(edges, chance, side="right") - 1, 0, len(edges) - 2)
    weight = np.bincount(stretch, weights)
    held = np.flatnonzero(weight > 0)
    sums = [np.bincount(stretch, weights * values)[held] for values in (chance, right)]
    columns = {"probability": sums[0] / weight[held], "frequency": sums[1] / weight[held]}
    return pd.DataFrame({**columns, "fraction": weight[held] / weight.sum()})


def error(table: pd.DataFrame) -> float:
    """Expected calibration error: the mean distance of chance and truth; NaN for an empty diagram.

    (Naeini, Cooper and Hauskrecht 2015, with the stretches of `diagram`.)
    """
    if table.empty:
        return float("nan")
    return float((table["fraction"] * (table["probability"] - table["frequency"]).abs()).sum())
