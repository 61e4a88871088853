"""The few-shot benchmark's tables and picture for its page of docs/."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from pipeline.data import tables
from pipeline.evaluation import docs_tables

PAGE, PICTURE = Path("docs/results/few-shot-learners.md"), Path("docs/fewshot.png")
COLUMNS = ["5-way 1-shot", "5-way 5-shot", "20-way 1-shot", "20-way 5-shot"]
VARIANT_COLUMNS = ["choice", "5-way 1-shot", "20-way 1-shot"]
# error in percent with five background alphabets: Lake, Salakhutdinov and Tenenbaum 2019, "The
# Omniglot challenge: a 3-year progress report" (arXiv:1902.03477), to our knowledge: quoted, not
# checked against their table
PUBLISHED = {
    "prototypical network, published": 30.1,
    "convolutional network, published": 23.2,
    "people, published": 4.5,
    "BPL, published": 4.2,
}


def write(name: str, rows: pd.DataFrame) -> None:
    """Write the table between its marks on the page, and plot the table `learners`."""
    if name == "learners":
        plot(rows, PICTURE)
    text = format_learners(rows) if name == "learners" else format_variants(rows)
    docs_tables.replace_table(PAGE, f"few-shot {name}", text)


def errors(rows: pd.DataFrame) -> pd.Series:
    """Percent wrong on the twenty runs, largest first, published figures included."""
    measured = (100 - rows.set_index("learner")["runs"]).round(1)
    both = pd.concat([measured, pd.Series(PUBLISHED)])
    return both.sort_values(ascending=False, kind="stable")


def format_learners(rows: pd.DataFrame) -> str:
    """A row per learner and per published figure, the largest error first."""
    table = rows.set_index("learner")
    lines = [f"| learner | twenty runs, error | {' | '.join(COLUMNS)} | minutes |"]
    lines += ["|" + "---|" * (len(COLUMNS) + 3)]
    for name, error in errors(rows).items():
        if name in PUBLISHED:
            cells = [f"{error}"] + [""] * (len(COLUMNS) + 1)
        else:
            row = table.loc[name]
            cells = [f"{error:.1f} +- {row['runs +-']:.1f}"]
            cells += [f"{row[column]:.1f} +- {row[f'{column} +-']:.1f}" for column in COLUMNS]
            cells += [f"{row['seconds'] / 60:.0f}"]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines)


def format_variants(rows: pd.DataFrame) -> str:
    """A row per variant, percent right: the tasks that choices were made on, and two others."""
    lines = ["| | 20 ways of Japanese | 5-way 1-shot | 20-way 1-shot | minutes |"]
    lines += ["|---|---|---|---|---|"]
    for row in rows.to_dict("records"):
        cells = [f"{row[column]:.1f} +- {row[f'{column} +-']:.1f}" for column in VARIANT_COLUMNS]
        lines.append(f"| {row['learner']} | {' | '.join(cells)} | {row['seconds'] / 60:.0f} |")
    return "\n".join(lines)


def plot(rows: pd.DataFrame, out: Path) -> None:
    """Every learner's error on the twenty runs with its interval, beside the published ones."""
    error = errors(rows)
    half_width = rows.set_index("learner")["runs +-"].reindex(error.index).fillna(0)
    figure, axes = plt.subplots(figsize=(7, 1 + 0.28 * len(error)), layout="constrained")
    colours = ["0.7" if name in PUBLISHED else "tab:blue" for name in error.index]
    axes.barh(error.index, error, xerr=half_width, color=colours, error_kw={"ecolor": "0.3"})
    axes.set(xlabel="error on the twenty 20-way one-shot runs, percent (95 % interval)")
    axes.margins(y=0.01)
    tables.replace(out, lambda part: figure.savefig(part, format="png", dpi=110))
    plt.close(figure)
