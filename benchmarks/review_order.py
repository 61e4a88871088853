"""How many decisions a review needs, by the order in which it asks.

    python -m benchmarks.review_order FOLDER [--seeds 3]

Each seed is a clone of the last commit in FOLDER, with a demo whose labels have errors: photographs
with the name of another individual, individuals with two names, and names of two individuals. It is
run to the stage `verify`, so that networks and models have learned from the wrong names, as a
user's have. A simulated reviewer, who is never wrong, answers by the names before; every answer is
applied by the step `labels`, and decisions are counted until 99 % of the benefit is reached: the
photographs whose name is right again. All orders ask the same questions, follow-ups too.

gain          by expected gain, as the page asks
probability   the most probable pair first, follow-ups at once
random        any pair first, follow-ups at once

`gain` goes on until the page says that no more is worth an answer and 50 answers have corrected
nothing: its benefit is that of all. The others end when they have reached it.
"""

import contextlib
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
import typer
from ruamel.yaml import YAML

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.data.tables import NEW_WHALE
from pipeline.demo.competition import write_competition
from pipeline.review.candidates import estimate_probabilities, load_candidates
from pipeline.review.follow_ups import FOLLOW_UP
from pipeline.review.question_list import find_originals
from pipeline.review.questions import count_worthwhile, rank_questions
from pipeline.review.state import PAIR, UNNAMED, State
from pipeline.steps.labels import labels
from pipeline.system import children, clones

ENOUGH = 0.99
IDLE = 50  # decisions in a row that correct nothing more
ORDERS = ["gain", "probability", "random"]
COMPETITION, TRUTH = "data/planted", "truth.csv"  # in a clone
NO_PSEUDO = pd.DataFrame(columns=tables.COLUMNS["pseudo"])
Decision = tuple[str, str, str]


class Run(NamedTuple):
    """The images with their labels, and their true names; duplicate groups, `load_candidates`."""

    images: pd.DataFrame
    truth: pd.DataFrame
    groups: pd.DataFrame
    candidates: pd.DataFrame


class Course(NamedTuple):
    """After 0, 1, ... decisions: photographs with a right name, answers said to be worth it."""

    right: list[int]
    worth: list[int]


def main(
    folder: Path,
    seeds: int = 3,
    wrong: Annotated[float, typer.Option(help="Photographs with a wrong name.")] = 0.05,
    doubled: Annotated[int, typer.Option(help="Individuals with two names.")] = 5,
    shared: Annotated[int, typer.Option(help="Names of two individuals.")] = 5,
    most: Annotated[int, typer.Option(help="Decisions after which a review ends.")] = 400,
) -> None:
    """Count the decisions until the planted errors are corrected."""
    rows = []
    for seed in range(seeds):
        project = folder / f"seed-{seed}"
        if not project.is_dir():
            counts = {"wrong": wrong, "doubled": doubled, "shared": shared}
            clones.clone(project, partial(prepare, seed=seed, counts=counts))
        if not (project / paths.PAIR_MODEL).is_file():
            command = [sys.executable, "-m", "commands.dvc_program", "repro", "verify"]
            children.run_checked(command, project)
        with contextlib.chdir(project):
            rows += measure(load_run(), seed, most)
    columns = ["seed", "order", "errors", "benefit", "decisions", "all", "said enough", "by then"]
    table = pd.DataFrame(rows, columns=columns)
    print(table.groupby("order", sort=False)[columns[2:]].median().to_string())


def prepare(part: Path, seed: int, counts: dict[str, float]) -> None:
    """Draw the demo of a seed, with errors in its labels, and make a clone read it.

    counts : those of `plant`
    """
    yaml = YAML()
    values = yaml.load(part / "params.yaml")
    demo = values["demo"]
    write_competition(part / COMPETITION, seed, demo["train_images"], demo["test_images"])
    train = pd.read_csv(part / COMPETITION / "train.csv", dtype=str)
    train.to_csv(part / TRUTH, index=False)
    planted = plant(train, np.random.default_rng(seed), **counts)
    planted.to_csv(part / COMPETITION / "train.csv", index=False)
    values["competition"]["path"] = COMPETITION
    yaml.dump(values, part / "params.yaml")


def plant(
    train: pd.DataFrame, rng: np.random.Generator, wrong: float, doubled: int, shared: int
) -> pd.DataFrame:
    """The labels (columns Image, Id) with errors in them; no individual has two kinds."""
    truth = train["Id"].to_numpy(dtype=object)
    names = truth.copy()
    sizes = train.loc[truth != NEW_WHALE, "Id"].value_counts().sort_index()
    several = sizes.index[sizes >= 2]
    for name in rng.choice(sizes.index[sizes >= 4], doubled, replace=False):
        rows = np.flatnonzero(truth == name)
        names[rng.choice(rows, len(rows) // 2, replace=False)] = f"{name}_again"
    plain = np.setdiff1d(several, truth[names != truth].astype(str))
    pairs = rng.choice(plain, (shared, 2), replace=False)
    for name, other in pairs:
        names[truth == other] = name
    plain = np.setdiff1d(plain, pairs)
    rows = np.flatnonzero(np.isin(truth, plain))
    for row in rng.choice(rows, round(wrong * len(rows)), replace=False):
        names[row] = rng.choice(plain[plain != truth[row]])
    return train.assign(Id=names)


def load_run() -> Run:
    """The run in the current folder."""
    p = params.load()
    images, groups = artefacts.load_images(), artefacts.load_groups()
    names = pd.read_csv(TRUTH, dtype=str).set_index("Image")["Id"]
    images = images[images["image"].isin(names.index)].reset_index(drop=True)
    groups = groups[groups["image"].isin(names.index)].reset_index(drop=True)
    first = groups.reset_index().groupby("group")["index"].transform("min")
    truth = images.assign(identity=names[images["image"]].to_numpy())
    candidates = load_candidates(p.match.backbone, p.folds.trained)
    return Run(images, truth, groups.assign(group=first), candidates)


def measure(run: Run, seed: int, most: int) -> list[list[object]]:
    """A row of each order."""
    rows, enough, benefit = [], len(run.images), 0
    for order in ORDERS:
        course = review(run, order, seed, most, enough)
        start, end = course.right[0], max(course.right)
        if order == "gain":
            benefit = end - start
            enough = int(np.ceil(start + ENOUGH * benefit))
        errors = len(run.images) - start
        rows.append([seed, order, errors, end - start, *summarize(course, enough, benefit)])
        print(*rows[-1], flush=True)
    return rows


def review(run: Run, order: str, seed: int, most: int, enough: int) -> Course:
    """Answer the questions of one order until `enough` photographs are right, or none is left."""
    animal = resolve(run.truth, run.groups, [])
    decisions: list[Decision] = []
    names = before = resolve(run.images, run.groups, decisions)
    pairs = estimate_probabilities(run.candidates, before)
    original = find_originals(run.groups)
    rng, places = np.random.default_rng(seed), dict[frozenset[str], float]()
    course = Course([count_right(names, animal)], [])
    while len(decisions) <= most:
        table = rank_questions(pairs, State(names, before, decisions), original)
        course.worth.append(count_worthwhile(table, names))
        is_done = course.right[-1] >= enough
        if order == "gain":
            is_flat = max(course.right[-IDLE:]) <= max(course.right[:-IDLE], default=0)
            is_done = is_flat and course.worth[-1] == 0
        if table.empty or len(decisions) == most or is_done:
            break
        choices = list(map(frozenset, table[PAIR].to_numpy().tolist()))
        places |= {pair: rng.random() for pair in choices if pair not in places}
        a, b = choose(table, order, np.array([places[pair] for pair in choices]))
        is_one = animal[a] == animal[b]
        decisions.append((a, b, "same" if is_one else "different"))
        try:
            names = resolve(run.images, run.groups, decisions)
        except ValueError:  # refused, as by the server: the reviewer leaves it open
            decisions[-1] = (a, b, "unsure")
        course.right.append(count_right(names, animal))
    return course


def choose(table: pd.DataFrame, order: str, places: np.ndarray) -> tuple[str, str]:
    """The next question of an order; places : that of each question in the random one."""
    if order != "gain":
        key = places if order == "random" else -table["probability"].to_numpy()
        is_later = table["reason"].to_numpy() != FOLLOW_UP
        table = table.iloc[np.lexsort([key, is_later])]
    a, b = table[PAIR].iloc[0]
    return a, b


def resolve(
    images: pd.DataFrame, groups: pd.DataFrame, decisions: list[Decision]
) -> "pd.Series[str]":
    """The names after the decisions, as the step `labels` gives them."""
    table = pd.DataFrame(decisions, columns=["image_a", "image_b", "decision"], dtype=str)
    resolved = labels.resolve_labels(images, groups, "majority", table, NO_PSEUDO)
    return to_nodes(resolved.set_index("image")["identity"], groups)


def to_nodes(names: "pd.Series[str]", groups: pd.DataFrame) -> "pd.Series[str]":
    """The names, and for new_whale, which is no individual, the duplicate group."""
    group = groups.set_index("image")["group"].loc[names.index].astype(str)
    return names.where(names != NEW_WHALE, UNNAMED + group)  # as `Ledger` names them


def count_right(names: "pd.Series[str]", animal: "pd.Series[str]") -> int:
    """The photographs whose name is that of their animal: each name is of one, each has one name.

    Names and animals are paired one to one, those with the most photographs first.
    """
    together = pd.DataFrame({"animal": animal.loc[names.index], "name": names}).value_counts()
    right, taken = 0, set()
    for (one, name), count in together.items():
        if not {("animal", one), ("name", name)} & taken:
            taken |= {("animal", one), ("name", name)}
            right += count
    return int(right)


def summarize(course: Course, enough: int, benefit: int) -> list[float]:
    """Decisions until `enough` photographs are right (inf: never), and all that were made.

    Then those after which no more was said to be worth an answer, and the benefit by then, of 1.
    """
    reached = np.array(course.right) >= enough
    needed = float(np.argmax(reached)) if reached.any() else np.inf
    at = course.worth.index(0) if 0 in course.worth else len(course.right) - 1
    return [
        needed,
        len(course.right) - 1,
        at,
        round((course.right[at] - course.right[0]) / benefit, 3),
    ]


if __name__ == "__main__":
    typer.run(main)
