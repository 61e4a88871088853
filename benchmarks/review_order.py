"""How many decisions a review needs, by the order in which it asks.

    python -m benchmarks.review_order [--seeds 5]

Wrong names are planted in the labels of a finished run, in the project's folder: photographs that
get the name of another individual, and individuals whose photographs get two names. A simulated
reviewer, who is never wrong, answers by the labels before; every answer is applied by the step
`labels`, and decisions are counted until 99 % of the benefit is reached: the photographs whose name
is right again. All orders ask the same questions, follow-ups too.

gain          by expected gain, as the page asks
probability   the most probable pair first, follow-ups at once
random        any pair first, follow-ups at once

`gain` goes on until the page says that no more is worth an answer and 50 answers have corrected
nothing: its benefit is that of all. The others end when they have reached it.

The run's networks and its model of pairs have learned from the right names, which flatters all
orders alike.
"""

from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
import typer

from pipeline import params
from pipeline.data import artefacts, tables
from pipeline.data.tables import NEW_WHALE
from pipeline.review.candidates import estimate_probabilities, load_candidates
from pipeline.review.questions import FOLLOW_UP, PAIR, State, count_worthwhile, rank_questions
from pipeline.steps.labels import labels

ENOUGH = 0.99
IDLE = 50  # decisions in a row that correct nothing more
ORDERS = ["gain", "probability", "random"]
NO_PSEUDO = pd.DataFrame(columns=tables.COLUMNS["pseudo"])
Decision = tuple[str, str, str]


class Run(NamedTuple):
    """The images with their true names, their duplicate groups, and `load_candidates`."""

    images: pd.DataFrame
    groups: pd.DataFrame
    candidates: pd.DataFrame


class Course(NamedTuple):
    """After 0, 1, ... decisions: photographs with a right name, answers said to be worth it."""

    right: list[int]
    worth: list[int]


def main(
    seeds: int = 5,
    wrong: Annotated[float, typer.Option(help="Photographs with a wrong name.")] = 0.05,
    doubled: Annotated[int, typer.Option(help="Individuals with two names.")] = 5,
    most: Annotated[int, typer.Option(help="Decisions after which a review ends.")] = 300,
) -> None:
    """Count the decisions until the planted errors are corrected."""
    run, rows = load_run(), []
    for seed in range(seeds):
        planted = plant(run, wrong, doubled, np.random.default_rng(seed))
        enough = len(planted)
        for order in ORDERS:
            course = review(planted, run, order, seed, most, enough)
            start, end = course.right[0], max(course.right)
            if order == "gain":
                benefit = end - start
                enough = int(np.ceil(start + ENOUGH * benefit))
            rows.append([seed, order, end - start, *summarize(course, enough, benefit)])
            print(*rows[-1], flush=True)
    columns = ["seed", "order", "benefit", "decisions", "all", "said enough", "by then"]
    table = pd.DataFrame(rows, columns=columns)
    print(table.groupby("order", sort=False)[columns[2:]].median().to_string())


def load_run() -> Run:
    p = params.load()
    images, groups = artefacts.load_images(), artefacts.load_groups()
    truth = artefacts.load_labels().drop_duplicates("image").set_index("image")["identity"]
    images = images[images["image"].isin(truth.index)].reset_index(drop=True)
    images["identity"] = truth.loc[images["image"]].to_numpy()
    groups = groups[groups["image"].isin(truth.index)].reset_index(drop=True)
    first = groups.reset_index().groupby("group")["index"].transform("min")
    candidates = load_candidates(p.match.backbone, p.folds.trained)
    return Run(images, groups.assign(group=first), candidates)


def plant(run: Run, wrong: float, doubled: int, rng: np.random.Generator) -> pd.DataFrame:
    """The images with wrong names: of whole duplicate groups, so that they do not contradict."""
    group, truth = run.groups["group"].to_numpy(), run.images["identity"].to_numpy()
    names = truth.copy()
    sizes = run.images.loc[truth != NEW_WHALE, "identity"].value_counts().sort_index()
    for name in rng.choice(sizes.index[sizes >= 4], doubled, replace=False):
        members = np.unique(group[truth == name])
        half = rng.choice(members, len(members) // 2, replace=False)
        names[np.isin(group, half)] = f"{name}_again"
    again = {name.removesuffix("_again") for name in names if name.endswith("_again")}
    plain = [name for name in sizes.index[sizes >= 2] if name not in again]
    candidates = np.unique(group[np.isin(truth, plain)])
    for number in rng.choice(candidates, round(wrong * len(candidates)), replace=False):
        rows = group == number
        names[rows] = rng.choice([name for name in plain if name != truth[rows][0]])
    return run.images.assign(identity=names)


def review(
    planted: pd.DataFrame, run: Run, order: str, seed: int, most: int, enough: int
) -> Course:
    """Answer the questions of one order until `enough` photographs are right, or none is left."""
    animal = to_nodes(run.images["identity"].set_axis(run.images["image"]), run.groups)
    decisions: list[Decision] = []
    names = before = resolve(planted, run.groups, decisions)
    pairs = estimate_probabilities(run.candidates, before)
    pairs = pairs.assign(place=np.random.default_rng(seed).permutation(len(pairs)))
    course = Course([count_right(names, animal)], [])
    while len(decisions) <= most:
        table = rank_questions(pairs, State(names, before, decisions))
        course.worth.append(count_worthwhile(table, names))
        is_done = course.right[-1] >= enough
        if order == "gain":
            is_flat = max(course.right[-IDLE:]) <= max(course.right[:-IDLE], default=0)
            is_done = is_flat and course.worth[-1] == 0
        if table.empty or len(decisions) == most or is_done:
            break
        a, b = choose(table, pairs, order)
        is_one = animal[a] == animal[b]
        decisions.append((a, b, "same" if is_one else "different"))
        if is_one != (names[a] == names[b]):  # otherwise no name changes
            try:
                names = resolve(planted, run.groups, decisions)
            except ValueError:  # refused, as by the server: the reviewer leaves it open
                decisions[-1] = (a, b, "unsure")
        course.right.append(count_right(names, animal))
    return course


def choose(table: pd.DataFrame, pairs: pd.DataFrame, order: str) -> tuple[str, str]:
    """The next question of an order."""
    if order != "gain":
        place = table.merge(pairs[[*PAIR, "place"]], on=PAIR, how="left")["place"].to_numpy()
        key = place if order == "random" else -table["probability"].to_numpy()
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
    return names.where(names != NEW_WHALE, "group " + group)


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
