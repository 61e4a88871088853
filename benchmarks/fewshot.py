"""Every few-shot learner on Omniglot, beside published figures.

    python -m benchmarks.fewshot --data DIR [--quick] [learner ...]

DIR holds images_background_small1.zip, images_background_small2.zip and all_runs.zip of
https://github.com/brendenlake/omniglot (folder python). All learn from the five alphabets of
small1. What to take of each was chosen on Japanese (of small2), `choice`. (a) `runs`: the twenty
published 20-way one-shot runs, within an alphabet. (b) episodes from Sanskrit and Tagalog (of
small2; no alphabet of these was seen or chosen by).

Writes benchmarks/fewshot.csv, a row a learner with 95 % intervals and the paired gain over nearest
neighbour on pixels. A learner whose row is there with the same lessons is not run again: take its
row out where the learner itself was changed.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from pipeline import machine, tables
from pipeline.fewshot import drawing, encoders, omniglot, sampling
from pipeline.fewshot.drawing import Hand
from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.fit import Fit, fit
from pipeline.fewshot.induction import Induction
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.maml import MAML
from pipeline.fewshot.matching import Matching
from pipeline.fewshot.memory import Memory
from pipeline.fewshot.meta_lstm import MetaLSTM
from pipeline.fewshot.nearest import Nearest
from pipeline.fewshot.networks import Conv
from pipeline.fewshot.prototypical import Prototypical
from pipeline.fewshot.pt_map import PTMap
from pipeline.fewshot.relation import Relation
from pipeline.fewshot.reptile import Reptile
from pipeline.fewshot.sampling import Classes, Shape
from pipeline.fewshot.siamese import Siamese
from pipeline.fewshot.tasks import Episodes

TABLE = Path("benchmarks/fewshot.csv")
SIDE = 28
CHOSEN_BY, HELD_OUT = {"Japanese_(katakana)"}, {"Sanskrit", "Tagalog"}
EPISODES, QUICK_EPISODES = 600, 60
TASKS = {  # (b)
    "5-way 1-shot": Shape(1, 5, 1, 5),
    "5-way 5-shot": Shape(1, 5, 5, 5),
    "20-way 1-shot": Shape(1, 20, 1, 1),
    "20-way 5-shot": Shape(1, 20, 5, 1),
}
CHOICE = Shape(1, 20, 1, 1, within_group=True)
PIXELS = "pixels"


@dataclass(frozen=True)
class Recipe:
    """How one learner is made and taught."""

    make: Callable[[int], Learner]  # of the number of background classes
    lessons: Shape
    fit: Fit
    hand: Hand | None = Hand()
    turned: bool = True


def encoder() -> Encoder:
    """The literature's network for Omniglot: 28 x 28 to 64 numbers."""
    return encoders.conv4((1, SIDE, SIDE))


def network(channels: int) -> Conv:
    """What MAML, Reptile and the meta-LSTM adapt, for up to twenty ways."""
    return Conv((1, SIDE, SIDE), channels, 20)


MANY = Shape(1, 60, 1, 4)  # more ways in training than in the test (Snell et al. 2017)
TWENTY = Shape(4, 20, 1, 3)
FEW = Shape(4, 20, 1, 1)
RECIPES = {
    PIXELS: Recipe(lambda count: Nearest(pixels(), count, "euclidean"), MANY, Fit(0, 1e-3)),
    "nearest, euclidean": Recipe(
        lambda c: Nearest(encoder(), c, "euclidean"), MANY, Fit(4000, 2e-3)
    ),
    "nearest, cosine": Recipe(lambda c: Nearest(encoder(), c, "cosine"), MANY, Fit(4000, 2e-3)),
    "nearest, mahalanobis": Recipe(
        lambda c: Nearest(encoder(), c, "mahalanobis"), MANY, Fit(4000, 2e-3)
    ),
    "prototypical": Recipe(lambda _: Prototypical(encoder()), MANY, Fit(4000, 2e-3)),
    "matching": Recipe(lambda _: Matching(encoder(), full=False), MANY, Fit(4000, 2e-3)),
    "matching, full context": Recipe(
        lambda _: Matching(encoder(), full=True), TWENTY, Fit(4000, 1e-3)
    ),
    "relation": Recipe(lambda _: Relation(encoder(), 8), MANY, Fit(4000, 1e-3)),
    "induction": Recipe(lambda _: Induction(encoder(), 32), MANY, Fit(4000, 1e-3)),
    "siamese": Recipe(lambda _: Siamese(encoder(), "absolute", 1), MANY, Fit(4000, 1e-3)),
    "MAML": Recipe(lambda _: MAML(network(32), 3, 0.4, second_order=True), FEW, Fit(3000, 2e-3)),
    "MAML, first order": Recipe(
        lambda _: MAML(network(32), 3, 0.4, second_order=False), FEW, Fit(4000, 2e-3)
    ),
    "Reptile": Recipe(lambda _: Reptile(network(32), 5, 0.1, 20), FEW, Fit(4000, 1.0)),
    "Reptile, transductive": Recipe(
        lambda _: Reptile(network(32), 5, 0.1, 20, transductive=True), FEW, Fit(4000, 1.0)
    ),
    "meta-LSTM": Recipe(lambda _: MetaLSTM(network(16), 5), FEW, Fit(3000, 1e-3)),
    "memory": Recipe(lambda _: Memory(encoder(), 20, 128, 40, 4, 200), FEW, Fit(4000, 1e-3)),
    "PT-MAP": Recipe(lambda c: PTMap(encoder(), c, balanced=True), MANY, Fit(4000, 2e-3)),
}


def pixels() -> Encoder:
    """Drawings as they are."""
    return Encoder(torch.nn.Identity(), (1, SIDE, SIDE))


def main(folder: Path, names: list[str], quick: bool) -> None:
    unknown = set(names) - set(RECIPES)
    if unknown:
        raise SystemExit(f"no learner {sorted(unknown)}; there are {list(RECIPES)}")
    torch.set_num_threads(machine.threads())
    rows = pd.DataFrame()
    if TABLE.is_file() and not quick:
        rows = pd.read_csv(TABLE)
    plain = answers(folder, PIXELS, RECIPES[PIXELS], quick)
    for name in names or list(RECIPES):
        recipe = shortened(RECIPES[name]) if quick else RECIPES[name]
        if done(rows, name, recipe):
            continue
        row = scored(name, recipe, answers(folder, name, recipe, quick), plain)
        print(pd.Series(row).to_string(), flush=True)
        if not quick:
            rows = with_row(rows, row)
            tables.replace(TABLE, partial(rows.to_csv, index=False))


def shortened(recipe: Recipe) -> Recipe:
    """A hundredth of the lessons: enough to see that it runs and learns."""
    return replace(recipe, fit=replace(recipe.fit, steps=recipe.fit.steps // 100))


def done(rows: pd.DataFrame, name: str, recipe: Recipe) -> bool:
    """Whether the table has this learner with these settings."""
    if rows.empty:
        return False
    return bool(((rows["learner"] == name) & (rows["settings"] == settings(recipe))).any())


def settings(recipe: Recipe) -> str:
    """What of a recipe the table tells."""
    shape, hand = recipe.lessons, "redrawn" if recipe.hand else "as drawn"
    turns = "turned" if recipe.turned else "upright"
    lessons = f"{shape.tasks} x {shape.ways} ways {shape.shots} + {shape.queries}"
    return f"{recipe.fit.steps} steps at {recipe.fit.rate:g}; {lessons}; {hand}, {turns}"


def with_row(rows: pd.DataFrame, row: dict[str, object]) -> pd.DataFrame:
    """The table with a learner's row added or put in the place of its old one."""
    others = rows[rows["learner"] != row["learner"]] if len(rows) else rows
    order = {name: number for number, name in enumerate(RECIPES)}
    joined = pd.concat([others, pd.DataFrame([row])], ignore_index=True)
    return joined.sort_values("learner", key=lambda names: names.map(order))


def answers(folder: Path, name: str, recipe: Recipe, quick: bool) -> dict[str, np.ndarray]:
    """Teach a learner; the share of right answers in every task of each question, and seconds."""
    torch.manual_seed(0)
    background = omniglot.characters(folder / "images_background_small1.zip", SIDE)
    classes = omniglot.turned(background) if recipe.turned else background
    learner = recipe.make(len(classes))
    begun = time.monotonic()
    if recipe.fit.steps:
        fit(learner, partial(lesson, classes, recipe), recipe.fit, name)
    learner.eval()
    second = folder / "images_background_small2.zip"
    choice = omniglot.characters(second, SIDE, CHOSEN_BY)
    held_out = omniglot.characters(second, SIDE, HELD_OUT)
    count = QUICK_EPISODES if quick else EPISODES
    told = {"choice": shares(learner, drawn(choice, CHOICE, count))}
    told["runs"] = shares(learner, omniglot.runs(folder / "all_runs.zip", SIDE))
    for question, shape in TASKS.items():
        told[question] = shares(learner, drawn(held_out, shape, count))
    return told | {"seconds": np.array([time.monotonic() - begun])}


def lesson(classes: Classes, recipe: Recipe, step: int) -> Episodes:
    """The episodes of one step; the same step draws the same ones."""
    generator = torch.Generator().manual_seed(step)

    def changed(inputs: Tensor) -> Tensor:
        return drawing.redrawn(inputs, recipe.hand, generator)

    rng = np.random.default_rng([1, step])
    return sampling.draw(classes, recipe.lessons, rng, changed if recipe.hand else None)


def drawn(classes: Classes, shape: Shape, count: int) -> list[Episodes]:
    """The episodes of a question: the same for every learner."""
    return [sampling.draw(classes, shape, np.random.default_rng([2, n])) for n in range(count)]


@torch.no_grad()
def shares(learner: Learner, episodes: list[Episodes]) -> np.ndarray:
    """The share of each task's queries that are answered right."""
    told = []
    for one in episodes:
        scores = learner.scores(one.support, one.queries, one.ways)
        told.append((scores.argmax(dim=-1) == one.truth).float().mean().item())
    return np.array(told)


def scored(
    name: str, recipe: Recipe, told: dict[str, np.ndarray], plain: dict[str, np.ndarray]
) -> dict[str, object]:
    """The table's row: percent right, half of its 95 % interval, the same of the paired gain."""
    row: dict[str, object] = {"learner": name}
    for question in ("runs", *TASKS, "choice"):
        own, gain = told[question], told[question] - plain[question]
        row |= {question: percent(own.mean()), f"{question} +-": percent(half_width(own))}
        row |= {f"{question} gain": percent(gain.mean())}
        row |= {f"{question} gain +-": percent(half_width(gain))}
    return row | {"seconds": round(float(told["seconds"][0])), "settings": settings(recipe)}


def half_width(values: np.ndarray) -> float:
    """Half of the 95 % interval of the mean over tasks."""
    return 1.96 * values.std(ddof=1) / len(values) ** 0.5


def percent(share: float) -> float:
    return round(100 * float(share), 2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the lessons")
    parser.add_argument("learners", nargs="*")
    given = parser.parse_args()
    main(given.data, given.learners, given.quick)
