"""The learning rate that a range test suggests, and its plot."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes


def suggest_learning_rate(table: pd.DataFrame) -> float:
    """Suggest a learning rate by the table of a range test (columns rate, loss, smoothed).

    It is the rate at which the loss falls fastest, by the logarithm of the rate, or a tenth of the
    rate of the lowest loss: the smaller of the two. Losses are averaged over an eighth of the
    steps, so that single batches do not decide. Raises ValueError if the loss never falls.
    """
    width = max(3, len(table) // 8)
    level = table["loss"].rolling(width, center=True).mean().to_numpy()
    defined = np.flatnonzero(~np.isnan(level))
    falling = defined[: int(np.argmin(level[defined])) + 1] if len(defined) else defined
    if len(falling) < 3:
        raise ValueError("the loss never falls: start lower, or take more steps")
    rates = table["rate"].to_numpy()[falling]
    slope = np.gradient(level[falling], np.log(rates))
    return float(min(rates[int(slope.argmin())], rates[-1] / 10))


def plot_range_test(axes: Axes, table: pd.DataFrame, rate: float | None) -> None:
    """Plot the loss by learning rate (columns rate, loss, smoothed) and the suggested rate."""
    axes.plot(table["rate"], table["loss"], color="0.8", label="loss")
    axes.plot(table["rate"], table["smoothed"], color="C0", label="smoothed")
    if rate is not None:
        axes.axvline(rate, color="C1", linestyle="--", label=f"suggested: {rate:.1e}")
    axes.set(xscale="log", xlabel="learning rate of the head", ylabel="loss")
    axes.legend()
