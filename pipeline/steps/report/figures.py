"""The curves of a report."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.steps.report.figure import render_figure
from pipeline.steps.report.sources import Sources
from pipeline.training import lr_suggestion

ONE_SHOT = "way20_shot1"  # a history's column, if train.inner.fraction is above 0


def render_figures(sources: Sources) -> str:
    """The HTML of all figures of a report."""
    return "".join(
        [
            plot_threshold(sources.threshold_curve),
            plot_reliability(sources.score_table("reliability")),
            plot_class_sizes(sources.score_table("class_sizes")),
            plot_outcomes(sources.score_table("outcomes")),
            plot_training(sources.histories, sources.training_summaries),
            plot_inner_validation(sources.histories),
            *(plot_lr_range(name, table) for name, table in sources.lr_ranges.items()),
        ]
    )


def plot_threshold(curve: pd.DataFrame) -> str:
    """MAP@5 by the shift of new_whale (columns shift, map5, new_share); "" if not measured."""
    if curve.empty:
        return ""
    best = curve.iloc[curve["map5"].argmax()]
    text = (
        f"MAP@5 is highest, {best['map5']:.3f}, at a shift of {best['shift']:.1f}, at which "
        f"{best['new_share']:.0%} of the first answers are new_whale."
    )

    def draw(axes: Axes) -> None:
        axes.plot(curve["shift"], curve["map5"], label="MAP@5")
        axes.plot(curve["shift"], curve["new_share"], "--", label="fraction answered as new")
        axes.axvline(best["shift"], color="0.6", lw=1)
        axes.set(xlabel="log-odds added to new_whale", ylim=(0, 1))
        axes.legend()

    return render_figure("Threshold of new_whale", text, draw)


def plot_reliability(table: pd.DataFrame) -> str:
    """The reliability diagram of the first answers (columns probability, frequency, fraction).

    "" if it is empty, since the held-out queries do not measure it.
    """
    if table.empty:
        return ""
    distance = (table["probability"] - table["frequency"]).abs()
    error = (distance * table["fraction"]).sum() / table["fraction"].sum()
    text = (
        "the posterior of a first answer differs on average by "
        f"{error:.3f} from the fraction that is right."
    )

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="0.6", lw=1)
        axes.scatter(
            table["probability"], table["frequency"], s=20 + 300 * table["fraction"], alpha=0.7
        )
        axes.set(xlabel="posterior of the first answer", ylabel="fraction that is right")

    return render_figure("Reliability", text, draw)


def plot_class_sizes(table: pd.DataFrame) -> str:
    """Scores by photographs in the gallery (columns photographs, queries, map5, top1).

    "" without known individuals.
    """
    known = table.dropna(subset="map5")
    if known.empty:
        return ""
    scores = [f"{row.map5:.3f} with {row.photographs}" for row in known.itertuples()]
    text = "MAP@5 of known individuals by photographs in the gallery: " + ", ".join(scores) + "."

    def draw(axes: Axes) -> None:
        places = range(len(known))
        axes.bar([x - 0.2 for x in places], known["map5"], 0.4, label="MAP@5")
        axes.bar([x + 0.2 for x in places], known["top1"], 0.4, label="top-1")
        names = [f"{row.photographs}\n({row.queries})" for row in known.itertuples()]
        axes.set_xticks(places, names)
        axes.set(xlabel="photographs in the gallery (queries)", ylim=(0, 1))
        axes.legend(loc="lower right")

    return render_figure("Score by class size", text, draw)


def plot_outcomes(table: pd.DataFrame) -> str:
    """Known and new individuals by what was answered (columns actual, predicted)."""
    fractions = pd.crosstab(table["actual"], table["predicted"], normalize="index")
    text = "; ".join(
        f"of the {actual}, " + ", ".join(f"{part:.0%} {answer}" for answer, part in row.items())
        for actual, row in fractions.iterrows()
    )

    def draw(axes: Axes) -> None:
        axes.imshow(fractions, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.grid(visible=False)
        axes.set_xticks(range(len(fractions.columns)), fractions.columns)
        axes.set_yticks(range(len(fractions)), fractions.index)
        for (y, x), part in np.ndenumerate(fractions.to_numpy()):
            axes.text(x, y, f"{part:.0%}", ha="center", color="white" if part > 0.5 else "black")
        axes.set(xlabel="answered as", ylabel="true")

    return render_figure("Known and new", text + ".", draw)


def plot_training(histories: dict[str, pd.DataFrame], summaries: dict[str, dict[str, Any]]) -> str:
    """Every member's loss by epoch; a history's rows between epochs have no loss.

    "" if none of them was trained.

    summaries : what each training showed, by the member's name
    """
    histories = {name: table.dropna(subset="loss") for name, table in histories.items()}
    histories = {name: table for name, table in histories.items() if len(table)}
    if not histories:
        return ""
    text = "; ".join(
        describe_training(name, table["loss"].iloc[-1], summaries[name])
        for name, table in histories.items()
    )

    def draw(axes: Axes) -> None:
        for name, table in histories.items():
            axes.plot(table["epoch"] + 1, table["loss"] / table["loss"].iloc[0], label=name)
        axes.set(xlabel="epoch", ylabel="loss relative to the first epoch", ylim=(0, None))
        axes.legend(fontsize="small", ncols=2)

    return render_figure("Training", text + ".", draw)


def describe_training(name: str, loss: float, summary: dict[str, Any]) -> str:
    """How often a member's training showed the mean individual, and how it ended."""
    fit = summary["fit"]
    recognised = "" if fit is None else f", {fit:.0%} of its photographs recognised"
    end = " (not converged)" if summary["not_converged"] else ""
    seen = f"{name} saw an individual {summary['views_per_identity']:.0f} times"
    return f"{seen}, final loss {loss:.3g}{recognised}{end}"


def plot_inner_validation(histories: dict[str, pd.DataFrame]) -> str:
    """Accuracy in 20-way one-shot tasks of the inner validation; "" without one."""
    validated = {name: table for name, table in histories.items() if ONE_SHOT in table}
    if not validated:
        return ""
    last = ", ".join(f"{name} {table[ONE_SHOT].iloc[-1]:.2f}" for name, table in validated.items())

    def draw(axes: Axes) -> None:
        for name, table in validated.items():
            axes.plot(table["epoch"] + 1, table[ONE_SHOT], label=name)
        axes.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
        axes.legend(fontsize="small", ncols=2)

    title = "20-way one-shot accuracy of the inner validation"
    return render_figure(title, f"final accuracy: {last}.", draw)


def plot_lr_range(backbone: str, table: pd.DataFrame) -> str:
    """The result of a learning-rate range test (columns rate, loss, smoothed)."""
    try:
        rate = lr_suggestion.suggest_learning_rate(table)
        text = f"the range test suggests train.learning_rate {rate:.1e}."
    except ValueError as error:
        rate, text = None, f"{error}."
    title = f"Learning rates of {backbone}"
    return render_figure(title, text, lambda axes: lr_suggestion.plot_range_test(axes, table, rate))
