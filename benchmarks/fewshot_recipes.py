"""What `benchmarks.fewshot` runs: how each learner is made and taught, and what is varied."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.drawing import Hand
from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.fit import Fit
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
from pipeline.fewshot.sampling import Shape
from pipeline.fewshot.siamese import Siamese

SIDE = 28
ANSWERING = 10  # updates that Reptile makes for a task that is asked
PIXELS = "pixels"


@dataclass(frozen=True)
class Recipe:
    """How one learner is made and taught.

    lessons : shapes of the training tasks, taken in turn
    hand : how drawings are redrawn for every lesson; None for not
    turned : quarter turns of a character are characters of their own
    alone : every drawing is a class of its own, which no label is needed for
    adapts : what is adapted to a task, and how, for the table; "" for nothing
    transductive : batch norm sees a task's queries together when they are answered; the lessons
        are the same
    """

    make: Callable[[int], Learner]  # of the number of background classes
    lessons: tuple[Shape, ...]
    fit: Fit
    hand: Hand | None = Hand()
    turned: bool = True
    alone: bool = False
    adapts: str = ""
    transductive: bool = False


def encoder(channels: int = 64, pooled: int = 4) -> Encoder:
    """The literature's network for Omniglot: 28 x 28 to 64 numbers, or to maps of 7 x 7."""
    return encoders.conv4((1, SIDE, SIDE), channels, pooled)


def pixels() -> Encoder:
    """Drawings as they are."""
    return Encoder(torch.nn.Identity(), (1, SIDE, SIDE))


def network(channels: int) -> Conv:
    """What MAML, Reptile and the meta-LSTM adapt."""
    return Conv((1, SIDE, SIDE), channels)


MANY = (Shape(1, 60, 1, 4),)  # more ways in training than in the test (Snell et al. 2017)
TWENTY = (Shape(4, 20, 1, 3),)
FEWER = (Shape(1, 20, 1, 4),)  # where comparing costs more than squared distances do
# What adapts to a task is used to its ways: the step that is right for twenty classes is not for
# five, nor are batch norm's means. So it learns from tasks of both.
FEW = (Shape(4, 20, 1, 1), Shape(16, 5, 1, 1))
MORE = (Shape(4, 20, 1, 3), Shape(16, 5, 1, 3))  # two updates leave time for more queries
READ = (*3 * (Shape(16, 5, 1, 3),), Shape(4, 20, 1, 3))  # one after another; most tasks are short
TEN = (Shape(4, 20, 1, 9), Shape(16, 5, 1, 9))  # Reptile sees ten drawings of a character


def scaled(lessons: tuple[Shape, ...], factor: float) -> tuple[Shape, ...]:
    """So many times as many tasks a step."""
    return tuple(replace(one, tasks=round(factor * one.tasks)) for one in lessons)


def prototypical(_: int) -> Learner:
    return Prototypical(encoder())


def maml(lessons: tuple[Shape, ...], fit: Fit, channels: int = 64, steps: int = 2) -> Recipe:
    return Recipe(
        lambda _: MAML(network(channels), steps, 0.02, 0.1, second_order=True),
        lessons,
        fit,
        adapts=f"{channels} filters in {steps} updates",
    )


def fomaml(lessons: tuple[Shape, ...], fit: Fit, channels: int = 32, steps: int = 5) -> Recipe:
    """First order: more and shorter inner steps."""
    return Recipe(
        lambda _: MAML(network(channels), steps, 0.01, 0.05, second_order=False),
        lessons,
        fit,
        adapts=f"{channels} filters in {steps} updates",
    )


def reptile(
    lessons: tuple[Shape, ...],
    fit: Fit,
    channels: int = 32,
    steps: int = 10,
) -> Recipe:
    """Every update sees one of ten parts of a task's examples."""
    return Recipe(
        lambda _: Reptile(network(channels), steps, 0.1, ANSWERING, 10),
        lessons,
        fit,
        adapts=f"{channels} filters in {steps} updates; {ANSWERING} to answer",
    )


_maml = maml(MORE, Fit(3000, 3e-3))
_reptile = reptile(TEN, Fit(2000, 1.0), 64)
LEARNERS = {
    PIXELS: Recipe(lambda count: Nearest(pixels(), count, "euclidean"), MANY, Fit(0, 1e-3)),
    "nearest, euclidean": Recipe(
        lambda count: Nearest(encoder(), count, "euclidean"), MANY, Fit(4000, 2e-3)
    ),
    "nearest, cosine": Recipe(
        lambda count: Nearest(encoder(), count, "cosine"), MANY, Fit(4000, 2e-3)
    ),
    "nearest, mahalanobis": Recipe(
        lambda count: Nearest(encoder(), count, "mahalanobis"), MANY, Fit(4000, 2e-3)
    ),
    "prototypical": Recipe(prototypical, MANY, Fit(4000, 2e-3)),
    "matching": Recipe(lambda _: Matching(encoder(), full=False), MANY, Fit(4000, 2e-3)),
    "matching, full context": Recipe(
        lambda _: Matching(encoder(), full=True), TWENTY, Fit(4000, 1e-3)
    ),
    "relation": Recipe(lambda _: Relation(encoder(pooled=2), 8), FEWER, Fit(7000, 1e-3)),
    "induction": Recipe(lambda _: Induction(encoder(), 32), FEWER, Fit(4000, 1e-3)),
    "siamese": Recipe(lambda _: Siamese(encoder(), "rich", 8), MANY, Fit(4000, 4e-3)),
    "MAML": _maml,
    "MAML, transductive": replace(_maml, transductive=True),
    "MAML, first order": fomaml(FEW, Fit(1500, 2e-3), 64),
    "Reptile": _reptile,
    "Reptile, transductive": replace(_reptile, transductive=True),
    "meta-LSTM": Recipe(
        lambda _: MetaLSTM(network(16), 5),
        FEW,
        Fit(2000, 1e-3),
        adapts="16 filters in 5 updates",
    ),
    "memory": Recipe(lambda _: Memory(encoder(32), 20, 128, 40, 4, 200), READ, Fit(9000, 3e-3)),
    "PT-MAP, transductive, balanced": Recipe(
        lambda count: PTMap(encoder(), count, balanced=True), MANY, Fit(4000, 2e-3)
    ),
}

_whole = LEARNERS["prototypical"]
MOVED = {  # what the prototypical network owes to what
    "all of it": _whole,
    "as drawn, upright": replace(_whole, hand=None, turned=False),
    "redrawn, upright": replace(_whole, turned=False),
    "as drawn, turned": replace(_whole, hand=None),
    "slants without wobble": replace(_whole, hand=Hand(wobble=0.0)),
    "no labels: every drawing alone": replace(_whole, alone=True),
    "lessons within an alphabet": replace(_whole, lessons=(Shape(3, 20, 1, 4, within_group=True),)),
    "twenty ways": replace(_whole, lessons=(Shape(3, 20, 1, 4),)),
    "twice the filters": replace(_whole, make=lambda _: Prototypical(encoder(128))),
}


def varied(
    name: str,
    recipe: Callable[..., Recipe],
    lessons: tuple[Shape, ...],
    fit: Fit,
    updates: tuple[int, int],
) -> dict[str, Recipe]:
    """One thing changed at a time, as the meta-learning report varied MAML and Reptile.

    lessons : of twenty ways, then of five; updates : fewer and more than usual
    """
    return {
        name: recipe(lessons, fit),
        f"{name}, 5 ways": recipe(lessons[1:], fit),
        **{f"{name}, {steps} updates": recipe(lessons, fit, steps=steps) for steps in updates},
        f"{name}, a quarter of the tasks": recipe(scaled(lessons, 1 / 4), fit),
        f"{name}, four times the tasks": recipe(scaled(lessons, 4), fit),
        f"{name}, 16 filters": recipe(lessons, fit, 16),
        f"{name}, 64 filters": recipe(lessons, fit, 64),
    }


STUDY = {  # in fewer lessons than the learners'
    **varied("first-order MAML", fomaml, FEW, Fit(500, 2e-3), (2, 10)),
    **varied("Reptile", reptile, TEN, Fit(500, 1.0), (2, 20)),
}
TABLES = {"learners": LEARNERS, "moved": MOVED, "study": STUDY}


def told(recipe: Recipe) -> str:
    """What of a recipe the table says."""
    shapes = [
        f"{one.tasks} x {one.ways} ways {one.shots} + {one.queries}" for one in recipe.lessons
    ]
    parts = [
        f"{recipe.fit.steps} steps at {recipe.fit.rate:g}",
        *shapes,
        "within an alphabet" if recipe.lessons[0].within_group else "",
        "redrawn" if recipe.hand == Hand() else f"{recipe.hand}" if recipe.hand else "as drawn",
        "turned" if recipe.turned else "upright",
        "every drawing alone" if recipe.alone else "",
        recipe.adapts,
        "transductive" if recipe.transductive else "",
    ]
    return "; ".join(part for part in parts if part)
