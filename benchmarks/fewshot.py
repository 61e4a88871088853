"""Every few-shot learner on Omniglot, beside published figures.

    python -m benchmarks.fewshot --data DIR [--table learners|ablation|study] [--quick] [name ...]

DIR holds images_background_small1.zip, images_background_small2.zip and all_runs.zip of
https://github.com/brendenlake/omniglot (folder python). All learners are trained on the five
alphabets of small1; what they are evaluated on: `benchmarks.fewshot_evaluation`.

Writes benchmarks/fewshot/TABLE.csv, a row per learner with 95 % intervals and the paired gain over
nearest neighbour on pixels, and updates the table between the marks of that name on
docs/results/few-shot-learners.md; of `learners` docs/fewshot.png too. The other tables show what
makes the prototypical network good, and vary MAML and Reptile. --quick runs a two-hundredth of the
steps and writes nothing. A row with the same settings is not run again: delete it after a change of
the learner's code. Several processes may run at once, with different names.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from filelock import FileLock

from benchmarks import fewshot_picture
from benchmarks.fewshot_evaluation import Accuracies, evaluate
from benchmarks.fewshot_recipes import LEARNERS, PIXELS, Recipe, describe
from benchmarks.fewshot_studies import ABLATION, STUDY
from pipeline.data import tables
from pipeline.evaluation.confidence import half_width

OUT = Path("benchmarks/fewshot")
TABLES = {"learners": LEARNERS, "ablation": ABLATION, "study": STUDY}


def main(
    folder: Annotated[Path, typer.Option("--data", help="Omniglot's three zip files")],
    table: Annotated[str, typer.Option(help=f"one of {', '.join(TABLES)}")] = "learners",
    names: Annotated[list[str] | None, typer.Argument()] = None,
    quick: Annotated[bool, typer.Option("--quick", help="a two-hundredth of the steps")] = False,
) -> None:
    """Measure few-shot learners on Omniglot; without NAMES, every one of the table."""
    recipes = TABLES[table]
    if unknown := set(names or []) - set(recipes):
        raise SystemExit(f"{table} has no {sorted(unknown)}; it has {list(recipes)}")
    past = pd.DataFrame() if quick else read(table)
    baseline = evaluate(folder, table, TABLES["learners"][PIXELS], quick)
    for name in names or list(recipes):
        recipe = shorten(recipes[name]) if quick else recipes[name]
        if is_done(past, name, recipe):
            continue
        print(f"{name}: {describe(recipe)}", flush=True)
        row = build_row(name, recipe, evaluate(folder, table, recipe, quick), baseline)
        print(pd.Series(row).to_string(), flush=True)
        if not quick:
            write(table, [row])
    if not quick:
        write(table, [])


def read(table: str) -> pd.DataFrame:
    """The rows that the table has, or none."""
    path = OUT / f"{table}.csv"
    return pd.read_csv(path) if path.is_file() else pd.DataFrame()


def write(table: str, new: list[dict[str, object]]) -> None:
    """Insert rows into the table, and write the whole table to its page of docs/.

    The table is read again: other processes may have added rows.
    """
    OUT.mkdir(parents=True, exist_ok=True)
    with FileLock(OUT / ".lock"):
        rows = read(table)
        for row in new:
            rows = insert_row(rows, row, list(TABLES[table]))
        tables.write_csv(rows, OUT / f"{table}.csv")
        fewshot_picture.write(table, rows)


def shorten(recipe: Recipe) -> Recipe:
    """A two-hundredth of the steps: enough to see that the learner runs and learns."""
    return replace(recipe, fit=replace(recipe.fit, steps=recipe.fit.steps // 200))


def is_done(rows: pd.DataFrame, name: str, recipe: Recipe) -> bool:
    """Whether the table has this name with these settings."""
    if rows.empty:
        return False
    return bool(((rows["learner"] == name) & (rows["settings"] == describe(recipe))).any())


def insert_row(rows: pd.DataFrame, row: dict[str, object], order: list[str]) -> pd.DataFrame:
    """The table with a row added or replaced, sorted by that order of names."""
    others = rows[rows["learner"] != row["learner"]] if len(rows) else rows
    joined = pd.concat([others, pd.DataFrame([row])], ignore_index=True)
    place = {name: number for number, name in enumerate(order)}
    return joined.sort_values("learner", key=lambda names: names.map(place))


def build_row(
    name: str, recipe: Recipe, result: Accuracies, baseline: Accuracies
) -> dict[str, object]:
    """The table's row: percent right, half-width of its 95 % interval, both of the paired gain."""
    row: dict[str, object] = {"learner": name}
    for tasks, accuracies in result.by_tasks.items():
        gain = accuracies - baseline.by_tasks[tasks]
        row |= {tasks: to_percent(accuracies.mean())}
        row |= {f"{tasks} +-": to_percent(half_width(accuracies))}
        row |= {f"{tasks} gain": to_percent(gain.mean())}
        row |= {f"{tasks} gain +-": to_percent(half_width(gain))}
    return row | {"seconds": round(result.seconds), "settings": describe(recipe)}


def to_percent(fraction: float) -> float:
    return round(100 * float(fraction), 2)


if __name__ == "__main__":
    typer.run(main)
