"""Every few-shot learner on Omniglot, beside published figures.

    python -m benchmarks.fewshot --data DIR [--table learners|moved|study] [--quick] [name ...]

DIR holds images_background_small1.zip, images_background_small2.zip and all_runs.zip of
https://github.com/brendenlake/omniglot (folder python). All learn from the five alphabets of
small1. What to take of each was chosen on Japanese (of small2), `choice`. (a) `runs`: the twenty
published 20-way one-shot runs, within an alphabet. (b) episodes from Sanskrit and Tagalog (of
small2; no alphabet of these was seen or chosen by).

Writes benchmarks/fewshot/TABLE.csv, a row a name with 95 % intervals and the paired gain over
nearest neighbour on pixels, and brings the table between the marks of that name up to date, on
docs/results/few-shot-learners.md; of `learners` docs/fewshot.png too. The other tables say what
moved the prototypical network, and vary MAML and Reptile; `runs` is not opened for those, which
ask of one shot only, nor by --quick, which runs a two-hundredth of the lessons and writes nothing. A row that is there with the same
settings is not run again: take it out where the learner itself was changed. Several may run at
once, with names of their own.
"""

import time
from dataclasses import replace
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer
from filelock import FileLock
from torch import Tensor

from benchmarks import fewshot_picture
from benchmarks.fewshot_recipes import PIXELS, SIDE, TABLES, Recipe, told
from pipeline.data import tables
from pipeline.evaluation.confidence import half_width
from pipeline.fewshot import drawing, omniglot, sampling
from pipeline.fewshot.adapting import Adapting
from pipeline.fewshot.fit import fit
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.sampling import Classes, Shape
from pipeline.fewshot.tasks import Episodes, Support

OUT = Path("benchmarks/fewshot")
CHOSEN_BY = frozenset({"Japanese_(katakana)"})
HELD_OUT = frozenset({"Sanskrit", "Tagalog"})
EPISODES, QUICK_EPISODES = 600, 10
AT_ONCE = 200  # examples of tasks scored together: few small ones would be mostly overhead
QUESTIONS = {  # (b)
    "5-way 1-shot": Shape(1, 5, 1, 5),
    "5-way 5-shot": Shape(1, 5, 5, 5),
    "20-way 1-shot": Shape(1, 20, 1, 1),
    "20-way 5-shot": Shape(1, 20, 5, 1),
}
ONE_SHOT = [name for name, shape in QUESTIONS.items() if shape.shots == 1]  # of the other tables
CHOICE = Shape(1, 20, 1, 1, within_group=True)
RUNS, CHOSEN = "runs", "choice"
characters = cache(omniglot.characters)  # decoding is the same for every learner


def main(
    folder: Annotated[Path, typer.Option("--data", help="Omniglot's three zip files")],
    table: Annotated[str, typer.Option(help=f"one of {', '.join(TABLES)}")] = "learners",
    names: Annotated[list[str] | None, typer.Argument()] = None,
    quick: Annotated[bool, typer.Option("--quick", help="a two-hundredth of the steps")] = False,
) -> None:
    """Measure few-shot learners on Omniglot; without NAMES, every one of the table."""
    recipes = TABLES[table]
    names = names or []
    unknown = set(names) - set(recipes)
    if unknown:
        raise SystemExit(f"{table} has no {sorted(unknown)}; there are {list(recipes)}")
    past = pd.DataFrame() if quick else read(table)
    plain = answers(folder, table, TABLES["learners"][PIXELS], quick)
    for name in names or list(recipes):
        recipe = shortened(recipes[name]) if quick else recipes[name]
        if done(past, name, recipe):
            continue
        print(f"{name}: {told(recipe)}", flush=True)
        row = scored(name, recipe, answers(folder, table, recipe, quick), plain)
        print(pd.Series(row).to_string(), flush=True)
        if not quick:
            write(table, [row])
    if not quick:
        write(table, [])


def read(table: str) -> pd.DataFrame:
    """The table's rows of before, or none."""
    path = OUT / f"{table}.csv"
    return pd.read_csv(path) if path.is_file() else pd.DataFrame()


def write(table: str, new: list[dict[str, object]]) -> None:
    """Put rows into the table, and all of them on the page of docs/.

    They are read anew: other learners may be taught at the same time.
    """
    OUT.mkdir(parents=True, exist_ok=True)
    with FileLock(OUT / ".lock"):
        rows = read(table)
        for row in new:
            rows = with_row(rows, row, list(TABLES[table]))
        tables.write_csv(rows, OUT / f"{table}.csv")
        fewshot_picture.write(table, rows)


def shortened(recipe: Recipe) -> Recipe:
    """A two-hundredth of the lessons: enough to see that it runs and learns."""
    return replace(recipe, fit=replace(recipe.fit, steps=recipe.fit.steps // 200))


def done(rows: pd.DataFrame, name: str, recipe: Recipe) -> bool:
    """Whether the table has this name with these settings."""
    if rows.empty:
        return False
    return bool(((rows["learner"] == name) & (rows["settings"] == told(recipe))).any())


def with_row(rows: pd.DataFrame, row: dict[str, object], order: list[str]) -> pd.DataFrame:
    """The table with a row added or put in the place of its old one, in that order of names."""
    others = rows[rows["learner"] != row["learner"]] if len(rows) else rows
    joined = pd.concat([others, pd.DataFrame([row])], ignore_index=True)
    place = {name: number for number, name in enumerate(order)}
    return joined.sort_values("learner", key=lambda names: names.map(place))


def answers(folder: Path, table: str, recipe: Recipe, quick: bool) -> dict[str, np.ndarray]:
    """Teach a learner; the share of right answers in every task of each question, and the
    processor's seconds, which other work on the machine does not lengthen.
    """
    learner, seconds = taught(folder, replace(recipe, transductive=False))
    if isinstance(learner, Adapting):
        learner.transductive = recipe.transductive
    begun = time.process_time() - seconds
    second = folder / "images_background_small2.zip"
    choice = characters(second, SIDE, CHOSEN_BY)
    count = QUICK_EPISODES if quick else EPISODES
    found = {CHOSEN: shares(learner, drawn(choice, CHOICE, count))}
    if table == "learners" and not quick:
        found[RUNS] = shares(learner, omniglot.runs(folder / "all_runs.zip", SIDE))
    held_out = characters(second, SIDE, HELD_OUT)
    for question in QUESTIONS if table == "learners" else ONE_SHOT:
        found[question] = shares(learner, drawn(held_out, QUESTIONS[question], count))
    return found | {"seconds": np.array([time.process_time() - begun])}


@lru_cache(1)
def taught(folder: Path, recipe: Recipe) -> tuple[Learner, float]:
    """A learner after its lessons, and the seconds of the processor that these took.

    The next row may answer by it too, in another way.
    """
    torch.manual_seed(0)
    classes = background(folder, recipe)
    learner = recipe.make(len(classes))
    begun = time.process_time()
    if recipe.fit.steps:
        fit(learner, partial(lesson, classes, recipe), recipe.fit, "lessons")
    return learner.eval(), time.process_time() - begun


def background(folder: Path, recipe: Recipe) -> Classes:
    """What a recipe learns from."""
    classes = characters(folder / "images_background_small1.zip", SIDE)
    if recipe.turned:
        classes = omniglot.turned(classes)
    each = max(shape.shots + shape.queries for shape in recipe.lessons)
    return omniglot.alone(classes, each) if recipe.alone else classes


def lesson(classes: Classes, recipe: Recipe, step: int) -> Episodes:
    """The episodes of one step; the same step draws the same ones."""
    generator = torch.Generator().manual_seed(step)

    def changed(inputs: Tensor) -> Tensor:
        return drawing.redrawn(inputs, recipe.hand, generator)

    rng = np.random.default_rng([1, step])
    shape = recipe.lessons[step % len(recipe.lessons)]
    return sampling.draw(classes, shape, rng, changed if recipe.hand else None)


def drawn(classes: Classes, shape: Shape, count: int) -> list[Episodes]:
    """The episodes of a question: the same for every learner."""
    return [sampling.draw(classes, shape, np.random.default_rng([2, n])) for n in range(count)]


@torch.no_grad()
def shares(learner: Learner, episodes: list[Episodes]) -> np.ndarray:
    """The share of each task's queries that are answered right."""
    found = []
    step = max(AT_ONCE // episodes[0].support.labels.numel(), 1)
    for at in range(0, len(episodes), step):
        some = together(episodes[at : at + step])
        scores = learner.scores(some.support, some.queries, some.ways)
        found.append((scores.argmax(dim=-1) == some.truth).float().mean(dim=1))
    return torch.cat(found).numpy().astype(float)


def together(episodes: list[Episodes]) -> Episodes:
    """Tasks of one shape as one set of them."""
    supports, *others = zip(*episodes, strict=True)
    support = Support(*(torch.cat(part) for part in zip(*supports, strict=True)))
    return Episodes(support, *(torch.cat(part) for part in others))


def scored(
    name: str, recipe: Recipe, own: dict[str, np.ndarray], plain: dict[str, np.ndarray]
) -> dict[str, object]:
    """The table's row: percent right, half of its 95 % interval, the same of the paired gain."""
    row: dict[str, object] = {"learner": name}
    for question in [key for key in own if key != "seconds"]:
        gain = own[question] - plain[question]
        row |= {question: percent(own[question].mean())}
        row |= {f"{question} +-": percent(half_width(own[question]))}
        row |= {f"{question} gain": percent(gain.mean())}
        row |= {f"{question} gain +-": percent(half_width(gain))}
    return row | {"seconds": round(float(own["seconds"][0])), "settings": told(recipe)}


def percent(share: float) -> float:
    return round(100 * float(share), 2)


if __name__ == "__main__":
    typer.run(main)
