"""Training and evaluation of one few-shot learner of `benchmarks.fewshot`.

`runs`: the twenty published 20-way one-shot runs, within an alphabet. The other tasks: episodes of
Sanskrit and Tagalog (of small2), which no choice was made on. `choice`: 20 ways of Japanese (of
small2), on which every choice was made. `runs` is opened neither for the other tables, which have
one-shot tasks alone, nor by --quick.
"""

import time
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.fewshot_recipes import SIDE, Recipe
from pipeline.fewshot import omniglot, sampling
from pipeline.fewshot.character_augmentation import distort
from pipeline.fewshot.fit import fit
from pipeline.fewshot.gradient_based import GradientBasedLearner
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.sampling import Classes, Shape
from pipeline.fewshot.tasks import Episodes, Support

CHOSEN_ON = frozenset({"Japanese_(katakana)"})
HELD_OUT = frozenset({"Sanskrit", "Tagalog"})
EPISODES, QUICK_EPISODES = 600, 10
AT_ONCE = 200  # examples of tasks scored together: for few small tasks, overhead would dominate
TASKS = {
    "5-way 1-shot": Shape(1, 5, 1, 5),
    "5-way 5-shot": Shape(1, 5, 5, 5),
    "20-way 1-shot": Shape(1, 20, 1, 1),
    "20-way 5-shot": Shape(1, 20, 5, 1),
}
ONE_SHOT = [name for name, shape in TASKS.items() if shape.shots == 1]  # of the other tables
CHOICE_SHAPE = Shape(1, 20, 1, 1, within_group=True)
RUNS, CHOICE = "runs", "choice"
load_characters = cache(omniglot.load_characters)  # decoding is the same for every learner


@dataclass(frozen=True)
class Accuracies:
    """The accuracy of every task by kind of tasks; CPU seconds of training and evaluation.

    CPU seconds do not depend on what else the machine computes.
    """

    by_tasks: dict[str, np.ndarray]
    seconds: float


def evaluate(folder: Path, table: str, recipe: Recipe, quick: bool) -> Accuracies:
    """Train a learner, and classify the queries of all tasks of the table."""
    learner, seconds = train_learner(folder, replace(recipe, transductive=False))
    if isinstance(learner, GradientBasedLearner):
        learner.transductive = recipe.transductive
    start = time.process_time() - seconds
    second = folder / "images_background_small2.zip"
    choice = load_characters(second, SIDE, CHOSEN_ON)
    count = QUICK_EPISODES if quick else EPISODES
    by_tasks = {CHOICE: compute_accuracies(learner, sample_tasks(choice, CHOICE_SHAPE, count))}
    if table == "learners" and not quick:
        runs = omniglot.load_runs(folder / "all_runs.zip", SIDE)
        by_tasks[RUNS] = compute_accuracies(learner, runs)
    held_out = load_characters(second, SIDE, HELD_OUT)
    for name in TASKS if table == "learners" else ONE_SHOT:
        tasks = sample_tasks(held_out, TASKS[name], count)
        by_tasks[name] = compute_accuracies(learner, tasks)
    return Accuracies(by_tasks, time.process_time() - start)


@lru_cache(1)
def train_learner(folder: Path, recipe: Recipe) -> tuple[Learner, float]:
    """A trained learner, and the CPU seconds of its training.

    The next row may evaluate it too, in another way.
    """
    torch.manual_seed(0)
    classes = load_background(folder, recipe)
    learner = recipe.build(len(classes))
    start = time.process_time()
    if recipe.fit.steps:
        fit(learner, partial(sample_training, classes, recipe), recipe.fit, "training")
    return learner.eval(), time.process_time() - start


def load_background(folder: Path, recipe: Recipe) -> Classes:
    """The classes that a recipe is trained on."""
    classes = load_characters(folder / "images_background_small1.zip", SIDE)
    if recipe.rotations:
        classes = omniglot.add_rotations(classes)
    copies = max(shape.examples for shape in recipe.episodes)
    return omniglot.separate_drawings(classes, copies) if recipe.separate_drawings else classes


def sample_training(classes: Classes, recipe: Recipe, step: int) -> Episodes:
    """The episodes of one training step; the same step gives the same ones."""
    generator, limits = torch.Generator().manual_seed(step), recipe.distortion

    def augment(inputs: Tensor) -> Tensor:
        return distort(inputs, limits, generator) if limits else inputs

    rng = np.random.default_rng([1, step])
    shape = recipe.episodes[step % len(recipe.episodes)]
    return sampling.sample_episodes(classes, shape, rng, augment)


def sample_tasks(classes: Classes, shape: Shape, count: int) -> list[Episodes]:
    """The tasks of one kind: the same for every learner."""
    rngs = (np.random.default_rng([2, number]) for number in range(count))
    return [sampling.sample_episodes(classes, shape, rng) for rng in rngs]


@torch.no_grad()
def compute_accuracies(learner: Learner, tasks: list[Episodes]) -> np.ndarray:
    """The fraction of each task's queries that are classified right."""
    accuracies = []
    size = max(AT_ONCE // tasks[0].support.labels.numel(), 1)
    for start in range(0, len(tasks), size):
        batch = concatenate(tasks[start : start + size])
        scores = learner.score(batch.support, batch.queries, batch.ways)
        accuracies.append((scores.argmax(dim=-1) == batch.truth).float().mean(dim=1))
    return torch.cat(accuracies).numpy().astype(float)


def concatenate(tasks: list[Episodes]) -> Episodes:
    """Tasks of one shape as one batch."""
    supports, *others = zip(*tasks, strict=True)
    support = Support(*(torch.cat(part) for part in zip(*supports, strict=True)))
    return Episodes(support, *(torch.cat(part) for part in others))
