"""The held-out scores of all submissions over time, as a picture."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.leaderboard.best import held_out_scores
from pipeline.steps.report.figure import render_figure

MOST = 8  # ensembles; more lines cannot be told apart


def plot_progress(past: pd.DataFrame) -> str:
    """The HTML of the picture; "" if no ensemble has two submissions with a date and a score.

    Of many ensembles those with the latest submissions.
    """
    dated = past.assign(
        score=held_out_scores(past), time=pd.to_datetime(past["date"], errors="coerce", utc=True)
    ).dropna(subset=["score", "time"])
    dated = dated[dated.groupby("ensemble")["score"].transform("size") > 1]
    if dated.empty:
        return ""
    names = dated["ensemble"].iloc[::-1].drop_duplicates().tolist()[:MOST]
    lines = {str(name): dated[dated["ensemble"] == name] for name in sorted(names)}
    text = "; ".join(
        f"{name} {rows['score'].iloc[0]:.3f} at first, {rows['score'].iloc[-1]:.3f} now"
        for name, rows in lines.items()
    )

    def draw(axes: Axes) -> None:
        for name, rows in lines.items():
            axes.plot(rows["time"], rows["score"], ".-", label=name)
        axes.set(ylabel="held-out score")
        axes.tick_params(axis="x", rotation=30)
        axes.legend()

    return render_figure("Held-out scores", text, draw)
