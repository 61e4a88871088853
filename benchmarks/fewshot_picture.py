"""The few-shot benchmark's tables for its page of docs/, and its picture."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from pipeline.data import tables
from pipeline.evaluation import docs_tables

PAGE, PICTURE = Path("docs/results/few-shot-learners.md"), Path("docs/fewshot.png")
COLUMNS = ["5-way 1-shot", "5-way 5-shot", "20-way 1-shot", "20-way 5-shot"]
VARIED = ["choice", "5-way 1-shot", "20-way 1-shot"]
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
    """List the table's rows where the page has its marks; of the learners, draw the picture."""
    if name == "learners":
        draw(rows, PICTURE)
    text = markdown(rows) if name == "learners" else varied(rows)
    docs_tables.replace_table(PAGE, f"few-shot {name}", text)


def errors(rows: pd.DataFrame) -> pd.Series:
    """Percent wrong on the twenty runs, the worst first, published figures among ours."""
    own = (100 - rows.set_index("learner")["runs"]).round(1)
    return pd.concat([own, pd.Series(PUBLISHED)]).sort_values(ascending=False, kind="stable")


def markdown(rows: pd.DataFrame) -> str:
    """A row a learner and a published figure, the worst first."""
    table = rows.set_index("learner")
    lines = [f"| learner | twenty runs, error | {' | '.join(COLUMNS)} | minutes |"]
    lines += ["|" + "---|" * (len(COLUMNS) + 3)]
    for name, error in errors(rows).items():
        if name in PUBLISHED:
            cells = [f"{error}"] + [""] * (len(COLUMNS) + 1)
        else:
            own = table.loc[name]
            cells = [f"{error:.1f} +- {own['runs +-']:.1f}"]
            cells += [f"{own[column]:.1f} +- {own[f'{column} +-']:.1f}" for column in COLUMNS]
            cells += [f"{own['seconds'] / 60:.0f}"]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines)


def varied(rows: pd.DataFrame) -> str:
    """A row a variant, percent right: those that choices were made by, and two questions."""
    lines = ["| | 20 ways of Japanese | 5-way 1-shot | 20-way 1-shot | minutes |"]
    lines += ["|---|---|---|---|---|"]
    for own in rows.to_dict("records"):
        cells = [f"{own[column]:.1f} +- {own[f'{column} +-']:.1f}" for column in VARIED]
        lines.append(f"| {own['learner']} | {' | '.join(cells)} | {own['seconds'] / 60:.0f} |")
    return "\n".join(lines)


def draw(rows: pd.DataFrame, out: Path) -> None:
    """Every learner's error on the twenty runs with its interval, beside the published ones."""
    found = errors(rows)
    half = rows.set_index("learner")["runs +-"].reindex(found.index).fillna(0)
    figure, axes = plt.subplots(figsize=(7, 1 + 0.28 * len(found)), layout="constrained")
    colours = ["0.7" if name in PUBLISHED else "tab:blue" for name in found.index]
    axes.barh(found.index, found, xerr=half, color=colours, error_kw={"ecolor": "0.3"})
    axes.set(xlabel="error on the twenty 20-way one-shot runs, percent (95 % interval)")
    axes.margins(y=0.01)
    tables.replace(out, lambda part: figure.savefig(part, format="png", dpi=110))
    plt.close(figure)
