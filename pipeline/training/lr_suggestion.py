"""What a learning-rate range test says: the rate to take, and its picture."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes


def suggestion(table: pd.DataFrame) -> float:
    """The rate at which the loss falls fastest, by the rate's logarithm.

    Losses are means over an eighth of the steps, or one batch's luck would decide. A tenth of the
    lowest loss's rate is the other rule of thumb; the smaller of the two is given. Raises
    ValueError where the loss never falls.
    """
    width = max(3, len(table) // 8)
    level = table["loss"].rolling(width, center=True).mean().to_numpy()
    there = np.flatnonzero(~np.isnan(level))
    fallen = there[: int(np.argmin(level[there])) + 1] if len(there) else there
    if len(fallen) < 3:
        raise ValueError("the loss never falls: start lower, or take more steps")
    rates = table["rate"].to_numpy()[fallen]
    slope = np.gradient(level[fallen], np.log(rates))
    return float(min(rates[int(slope.argmin())], rates[-1] / 10))


def draw(axes: Axes, table: pd.DataFrame, rate: float | None) -> None:
    """The loss by rate (columns rate, loss, smoothed), and the rate that is suggested, if any."""
    axes.plot(table["rate"], table["loss"], color="0.8", label="loss")
    axes.plot(table["rate"], table["smoothed"], color="C0", label="smoothed")
    if rate is not None:
        axes.axvline(rate, color="C1", linestyle="--", label=f"suggested: {rate:.1e}")
    axes.set(xscale="log", xlabel="learning rate of the head", ylabel="loss")
    axes.legend()
