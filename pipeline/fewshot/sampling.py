"""Drawing few-shot tasks from labelled inputs, class by class."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pipeline.fewshot.tasks import Episodes, Support


@dataclass(frozen=True)
class Classes:
    """inputs: N x ...; rows: of each class, the numbers of its inputs; group: of each class, which
    others it can be mistaken for in practice (an alphabet).
    """

    inputs: Tensor
    rows: list[np.ndarray]
    group: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def classes_of(inputs: Tensor, labels: np.ndarray, group: np.ndarray) -> Classes:
    """Inputs by label (N labels of any kind, in their order); `group` is one a label."""
    names = np.unique(labels)
    if len(names) != len(group):
        raise ValueError(f"{len(names)} classes have {len(group)} groups: one each is wanted")
    return Classes(inputs, [np.flatnonzero(labels == name) for name in names], group)


@dataclass(frozen=True)
class Shape:
    """How large episodes are. within_group: all classes of a task are of one group."""

    tasks: int
    ways: int
    shots: int
    queries: int  # a class
    within_group: bool = False


def draw(
    classes: Classes,
    shape: Shape,
    rng: np.random.Generator,
    changed: Callable[[Tensor], Tensor] | None = None,
) -> Episodes:
    """Episodes of different inputs: no query is a support of its task.

    `changed` (an augmentation) is given all inputs of the episodes, m x ....
    Raises ValueError where there are too few classes, or a class has too few inputs.
    """
    check(classes, shape)
    each = shape.shots + shape.queries
    drawn = [one_task(classes, shape, rng) for _ in range(shape.tasks)]
    rows = np.stack([rows for _, rows in drawn])  # t x ways x each
    inputs = classes.inputs[torch.from_numpy(rows.reshape(-1))]
    if changed is not None:
        inputs = changed(inputs)
    inputs = inputs.unflatten(0, (shape.tasks, shape.ways, each))
    labels = torch.arange(shape.ways)[None, :, None].expand(shape.tasks, -1, each)
    shown = inputs[:, :, : shape.shots].flatten(1, 2), labels[:, :, : shape.shots].flatten(1)
    shown = shuffled(*shown, rng)
    return Episodes(
        Support(*shown, torch.ones(shown[1].shape)),
        inputs[:, :, shape.shots :].flatten(1, 2),
        labels[:, :, shape.shots :].flatten(1),
        torch.from_numpy(np.stack([chosen for chosen, _ in drawn])),
    )


def shuffled(inputs: Tensor, labels: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Each task's examples in a random order: a place in it must tell nothing of the class."""
    order = torch.from_numpy(np.stack([rng.permutation(labels.shape[1]) for _ in labels]))
    task = torch.arange(len(labels))[:, None]
    return inputs[task, order], labels[task, order]


def check(classes: Classes, shape: Shape) -> None:
    """Raises ValueError where the episodes can't be drawn."""
    if shape.within_group:
        most = int(np.unique(classes.group, return_counts=True)[1].max(initial=0))
    else:
        most = len(classes)
    if most < shape.ways:
        raise ValueError(f"{shape.ways} ways are asked and {most} classes are there")
    fewest = min(len(rows) for rows in classes.rows)
    if fewest < shape.shots + shape.queries:
        raise ValueError(
            f"{shape.shots} shots and {shape.queries} queries a class are asked, "
            f"and a class has {fewest} inputs"
        )


def one_task(
    classes: Classes, shape: Shape, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A task's classes (ways) and their inputs' rows (ways x shots + queries)."""
    choices = np.arange(len(classes))
    if shape.within_group:
        groups, sizes = np.unique(classes.group, return_counts=True)
        # a class is as likely as any other of a large enough group
        large = np.where(sizes >= shape.ways, sizes, 0)
        choices = choices[classes.group == rng.choice(groups, p=large / large.sum())]
    chosen = rng.choice(choices, shape.ways, replace=False)
    each = shape.shots + shape.queries
    rows = [rng.choice(classes.rows[one], each, replace=False) for one in chosen]
    return chosen, np.stack(rows)
