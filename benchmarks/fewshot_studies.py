"""The ablation of the prototypical network, and the study of MAML and Reptile."""

from collections.abc import Callable
from dataclasses import replace

from benchmarks.fewshot_recipes import (
    FEW,
    LEARNERS,
    TEN,
    Recipe,
    build_encoder,
    fomaml,
    reptile,
)
from pipeline.fewshot.character_augmentation import Distortion
from pipeline.fewshot.fit import FitSettings
from pipeline.fewshot.prototypical import Prototypical
from pipeline.fewshot.sampling import Shape

_all = LEARNERS["prototypical"]
ABLATION = {
    "all": _all,
    "no distortion, no rotated classes": replace(_all, distortion=None, rotations=False),
    "no rotated classes": replace(_all, rotations=False),
    "no distortion": replace(_all, distortion=None),
    "no warp": replace(_all, distortion=Distortion(warp=0.0)),
    "no labels: every drawing a class": replace(_all, separate_drawings=True),
    "episodes within an alphabet": replace(_all, episodes=(Shape(3, 20, 1, 4, within_group=True),)),
    "twenty ways": replace(_all, episodes=(Shape(3, 20, 1, 4),)),
    "twice the filters": replace(_all, build=lambda _: Prototypical(build_encoder(128))),
}


def vary(
    name: str,
    recipe: Callable[..., Recipe],
    episodes: tuple[Shape, ...],
    fit: FitSettings,
    updates: tuple[int, int],
) -> dict[str, Recipe]:
    """One thing changed at a time, as the meta-learning report varied MAML and Reptile.

    episodes : of twenty ways, then of five; updates : fewer and more than usual
    """
    return {
        name: recipe(episodes, fit),
        f"{name}, 5 ways": recipe(episodes[1:], fit),
        **{f"{name}, {steps} updates": recipe(episodes, fit, steps=steps) for steps in updates},
        f"{name}, a quarter of the tasks": recipe(scale_tasks(episodes, 1 / 4), fit),
        f"{name}, four times the tasks": recipe(scale_tasks(episodes, 4), fit),
        f"{name}, 16 filters": recipe(episodes, fit, 16),
        f"{name}, 64 filters": recipe(episodes, fit, 64),
    }


def scale_tasks(episodes: tuple[Shape, ...], factor: float) -> tuple[Shape, ...]:
    """The shapes with `factor` times as many tasks per step."""
    return tuple(replace(shape, tasks=round(factor * shape.tasks)) for shape in episodes)


STUDY = {  # in fewer steps than the learners of the first table
    **vary("first-order MAML", fomaml, FEW, FitSettings(500, 2e-3), (2, 10)),
    **vary("Reptile", reptile, TEN, FitSettings(500, 1.0), (2, 20)),
}
