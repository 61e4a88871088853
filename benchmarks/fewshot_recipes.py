"""The learners of `benchmarks.fewshot`: how each is built and trained."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.character_augmentation import Distortion
from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.fit import FitSettings
from pipeline.fewshot.induction import Induction
from pipeline.fewshot.inner_loop import InnerLoop
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
SCORING_UPDATES = 10  # updates of Reptile for a task that is scored
PIXELS = "pixels"


@dataclass(frozen=True)
class Recipe:
    """How one learner is built and trained.

    build : from the number of background classes
    episodes : shapes of the training episodes, used in turn
    distortion : the augmentation of the drawings in training; None for none
    rotations : quarter turns of a character are additional classes
    separate_drawings : every drawing is a class, for which no label is needed
    adaptation : what is adapted to a task, and how, for the table; "" for nothing
    transductive : batch norm averages over a task's queries in evaluation; training is the same
    """

    build: Callable[[int], Learner]
    episodes: tuple[Shape, ...]
    fit: FitSettings
    distortion: Distortion | None = Distortion()
    rotations: bool = True
    separate_drawings: bool = False
    adaptation: str = ""
    transductive: bool = False


def build_encoder(channels: int = 64, pooled: int = 4) -> Encoder:
    """The literature's network for Omniglot: 28 x 28 to 64 numbers, or to maps of 7 x 7."""
    return encoders.conv4((1, SIDE, SIDE), channels, pooled)


def pixel_encoder() -> Encoder:
    """The identity."""
    return Encoder(torch.nn.Identity(), (1, SIDE, SIDE))


def build_network(channels: int) -> Conv:
    """The network that MAML, Reptile and the meta-LSTM adapt."""
    return Conv((1, SIDE, SIDE), channels)


MANY = (Shape(1, 60, 1, 4),)  # more ways in training than in evaluation (Snell et al. 2017)
TWENTY = (Shape(4, 20, 1, 3),)
FEWER = (Shape(1, 20, 1, 4),)  # for comparisons that cost more than squared distances
# A learner that adapts to a task depends on its number of ways: the step that is right for twenty
# classes is not for five, nor are batch norm's means. So it is trained on tasks of both.
FEW = (Shape(4, 20, 1, 1), Shape(16, 5, 1, 1))
MORE = (Shape(4, 20, 1, 3), Shape(16, 5, 1, 3))  # two updates leave time for more queries
SEQUENCES = (*3 * (Shape(16, 5, 1, 3),), Shape(4, 20, 1, 3))  # read in order; most tasks are short
TEN = (Shape(4, 20, 1, 9), Shape(16, 5, 1, 9))  # Reptile uses ten drawings of a character


def prototypical(_: int) -> Learner:
    return Prototypical(build_encoder())


def nearest(distance: str) -> Recipe:
    return Recipe(
        lambda count: Nearest(build_encoder(), count, distance), MANY, FitSettings(4000, 2e-3)
    )


def maml(
    episodes: tuple[Shape, ...], fit: FitSettings, channels: int = 64, steps: int = 2
) -> Recipe:
    loop = InnerLoop(steps, 0.02, 0.1, second_order=True)
    return Recipe(
        lambda _: MAML(build_network(channels), loop),
        episodes,
        fit,
        adaptation=f"{channels} filters in {steps} updates",
    )


def fomaml(
    episodes: tuple[Shape, ...], fit: FitSettings, channels: int = 32, steps: int = 5
) -> Recipe:
    """First-order MAML: more and smaller inner steps."""
    return Recipe(
        lambda _: MAML(build_network(channels), InnerLoop(steps, 0.01, 0.05)),
        episodes,
        fit,
        adaptation=f"{channels} filters in {steps} updates",
    )


def reptile(
    episodes: tuple[Shape, ...], fit: FitSettings, channels: int = 32, steps: int = 10
) -> Recipe:
    """Every update uses one of ten parts of a task's examples."""
    loop = InnerLoop(steps, 0.1, minibatches=10)
    return Recipe(
        lambda _: Reptile(build_network(channels), loop, SCORING_UPDATES),
        episodes,
        fit,
        adaptation=f"{channels} filters in {steps} updates; {SCORING_UPDATES} to score",
    )


_maml = maml(MORE, FitSettings(3000, 3e-3))
_reptile = reptile(TEN, FitSettings(2000, 1.0), 64)
LEARNERS = {
    PIXELS: Recipe(
        lambda count: Nearest(pixel_encoder(), count, "euclidean"), MANY, FitSettings(0, 1e-3)
    ),
    "nearest, euclidean": nearest("euclidean"),
    "nearest, cosine": nearest("cosine"),
    "nearest, mahalanobis": nearest("mahalanobis"),
    "prototypical": Recipe(prototypical, MANY, FitSettings(4000, 2e-3)),
    "matching": Recipe(
        lambda _: Matching(build_encoder(), full=False), MANY, FitSettings(4000, 2e-3)
    ),
    "matching, full context": Recipe(
        lambda _: Matching(build_encoder(), full=True), TWENTY, FitSettings(4000, 1e-3)
    ),
    "relation": Recipe(
        lambda _: Relation(build_encoder(pooled=2), 8), FEWER, FitSettings(7000, 1e-3)
    ),
    "induction": Recipe(lambda _: Induction(build_encoder(), 32), FEWER, FitSettings(4000, 1e-3)),
    "siamese": Recipe(lambda _: Siamese(build_encoder(), "rich", 8), MANY, FitSettings(4000, 4e-3)),
    "MAML": _maml,
    "MAML, transductive": replace(_maml, transductive=True),
    "MAML, first order": fomaml(FEW, FitSettings(1500, 2e-3), 64),
    "Reptile": _reptile,
    "Reptile, transductive": replace(_reptile, transductive=True),
    "meta-LSTM": Recipe(
        lambda _: MetaLSTM(build_network(16), 5),
        FEW,
        FitSettings(2000, 1e-3),
        adaptation="16 filters in 5 updates",
    ),
    "memory": Recipe(
        lambda _: Memory(build_encoder(32), 20, 128, 40, 4, 200),
        SEQUENCES,
        FitSettings(9000, 3e-3),
    ),
    "PT-MAP, transductive, balanced": Recipe(
        lambda count: PTMap(build_encoder(), count, balanced=True), MANY, FitSettings(4000, 2e-3)
    ),
}


def describe(recipe: Recipe) -> str:
    """The settings as text, for the table."""
    distortion = f"{recipe.distortion}" if recipe.distortion else "not distorted"
    parts = [
        f"{recipe.fit.steps} steps at {recipe.fit.learning_rate:g}",
        *(f"{s.tasks} x {s.ways} ways {s.shots} + {s.queries}" for s in recipe.episodes),
        "within an alphabet" if recipe.episodes[0].within_group else "",
        "distorted" if recipe.distortion == Distortion() else distortion,
        "rotated" if recipe.rotations else "not rotated",
        "separate drawings" if recipe.separate_drawings else "",
        recipe.adaptation,
        "transductive" if recipe.transductive else "",
    ]
    return "; ".join(part for part in parts if part)
