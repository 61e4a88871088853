"""Curves as pictures that a page can hold: SVG, drawn by matplotlib, each with words for it."""

import base64
import html
import io
from collections.abc import Callable

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from pipeline.training import lr_suggestion

EXAMINED = "way20_shot1"  # a history's column, with train.inner.fraction above 0
SIZE = (5, 3.2)  # inches
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "tailprint", "axes.grid": True}
SETTINGS |= {"grid.color": "0.9", "axes.spines.top": False, "axes.spines.right": False}


def drawn(
    curve: pd.DataFrame,
    calibrated: pd.DataFrame,
    sizes: pd.DataFrame,
    confused: pd.DataFrame,
    histories: dict[str, pd.DataFrame],
    ranges: dict[str, pd.DataFrame],
) -> str:
    """All figures of a page; histories by member, ranges by backbone. Each has its function."""
    return "".join(
        [
            threshold(curve),
            reliability(calibrated),
            by_size(sizes),
            outcomes(confused),
            training(histories),
            examined(histories),
            *(rate_range(backbone, table) for backbone, table in ranges.items()),
        ]
    )


def figure(title: str, words: str, draw: Callable[[Axes], None]) -> str:
    """HTML of one figure: `draw` fills its axes; `words` say what there is to be seen."""
    with plt.rc_context(SETTINGS):
        drawing, axes = plt.subplots(figsize=SIZE, layout="constrained")
        draw(axes)
        file = io.BytesIO()
        drawing.savefig(file, format="svg", metadata={"Date": None})
        plt.close(drawing)
    data = base64.b64encode(file.getvalue()).decode()
    told = html.escape(f"{title}: {words}")
    return (
        f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{told}">'
        f"<figcaption>{told}</figcaption></figure>"
    )


def threshold(curve: pd.DataFrame) -> str:
    """MAP@5 by new_whale's shift (columns shift, map5, new_share)."""
    best = curve.loc[curve["map5"].idxmax()]
    words = (
        f"MAP@5 is highest, {best['map5']:.3f}, with a shift of {best['shift']:.1f}, where "
        f"{best['new_share']:.0%} are called new first."
    )

    def draw(axes: Axes) -> None:
        axes.plot(curve["shift"], curve["map5"], label="MAP@5")
        axes.plot(curve["shift"], curve["new_share"], "--", label="share called new")
        axes.axvline(best["shift"], color="0.6", lw=1)
        axes.set(xlabel="log-odds given to new_whale", ylim=(0, 1))
        axes.legend()

    return figure("The place of new_whale", words, draw)


def reliability(table: pd.DataFrame) -> str:
    """Are first answers as sure as they say? (columns probability, frequency, fraction)"""
    distance = (table["probability"] - table["frequency"]).abs()
    off = (distance * table["fraction"]).sum() / table["fraction"].sum()
    words = f"first answers are on average {off:.3f} away from as sure as they say."

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="0.6", lw=1)
        axes.scatter(
            table["probability"], table["frequency"], s=20 + 300 * table["fraction"], alpha=0.7
        )
        axes.set(xlabel="posterior of the first answer", ylabel="share that is right")

    return figure("Reliability", words, draw)


def by_size(table: pd.DataFrame) -> str:
    """Scores by photographs in the gallery (columns photographs, queries, map5, top1)."""
    known = table.dropna(subset="map5")
    parts = [f"{one.map5:.3f} with {one.photographs}" for one in known.itertuples()]
    words = "MAP@5 of known individuals by photographs in the gallery: " + ", ".join(parts) + "."

    def draw(axes: Axes) -> None:
        places = range(len(known))
        axes.bar([x - 0.2 for x in places], known["map5"], 0.4, label="MAP@5")
        axes.bar([x + 0.2 for x in places], known["top1"], 0.4, label="top-1")
        names = [f"{one.photographs}\n({one.queries} asked)" for one in known.itertuples()]
        axes.set_xticks(places, names)
        axes.set(xlabel="photographs in the gallery", ylim=(0, 1))
        axes.legend(loc="lower right")

    return figure("Score by class size", words, draw)


def outcomes(table: pd.DataFrame) -> str:
    """Known and new individuals, and what they were taken for (columns actual, predicted)."""
    shares = pd.crosstab(table["actual"], table["predicted"], normalize="index")
    words = "; ".join(
        f"of the {actual}, " + ", ".join(f"{share:.0%} {told}" for told, share in row.items())
        for actual, row in shares.iterrows()
    )

    def draw(axes: Axes) -> None:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.grid(visible=False)
        axes.set_xticks(range(len(shares.columns)), shares.columns)
        axes.set_yticks(range(len(shares)), shares.index)
        for (y, x), share in pd.DataFrame(shares.to_numpy()).stack().items():
            axes.text(x, y, f"{share:.0%}", ha="center", color="white" if share > 0.5 else "black")
        axes.set(xlabel="answered as", ylabel="in truth")

    return figure("Known and new", words + ".", draw)


def training(histories: dict[str, pd.DataFrame]) -> str:
    """Every member's loss by epoch; rows between the epochs' have none."""
    histories = {name: table.dropna(subset="loss") for name, table in histories.items()}
    last = {name: table["loss"].iloc[-1] for name, table in histories.items()}
    words = "loss at the end: " + ", ".join(f"{name} {loss:.3g}" for name, loss in last.items())

    def draw(axes: Axes) -> None:
        for name, table in histories.items():
            axes.plot(table["epoch"] + 1, table["loss"] / table["loss"].iloc[0], label=name)
        axes.set(xlabel="epoch", ylabel="loss, of the first epoch's", ylim=(0, None))
        axes.legend(fontsize="small", ncols=2)

    return figure("Training", words + ".", draw)


def examined(histories: dict[str, pd.DataFrame]) -> str:
    """Accuracy on 20-way one-shot tasks of the inner split; "" where none was held."""
    told = {name: own for name, own in histories.items() if EXAMINED in own}
    if not told:
        return ""
    last = ", ".join(f"{name} {table[EXAMINED].iloc[-1]:.2f}" for name, table in told.items())

    def draw(axes: Axes) -> None:
        for name, table in told.items():
            axes.plot(table["epoch"] + 1, table[EXAMINED], label=name)
        axes.set(xlabel="epoch", ylabel="share right", ylim=(0, 1))
        axes.legend(fontsize="small", ncols=2)

    return figure("20-way one-shot tasks of the inner split", f"right at the end: {last}.", draw)


def rate_range(backbone: str, table: pd.DataFrame) -> str:
    """What `tailprint lr-range` found (columns rate, loss, smoothed)."""
    try:
        rate = lr_suggestion.suggest_learning_rate(table)
        words = f"the range test suggests train.learning_rate {rate:.1e}."
    except ValueError as error:
        rate, words = None, f"{error}."
    title = f"Learning rates of {backbone}"
    return figure(title, words, lambda axes: lr_suggestion.plot_range_test(axes, table, rate))
