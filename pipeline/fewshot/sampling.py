"""Sampling of few-shot episodes from labelled inputs, class by class."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pipeline.fewshot.tasks import Episodes, Support


@dataclass(frozen=True)
class Classes:
    """Labelled inputs.

    inputs: N x ...; rows: the rows of each class's inputs; groups: of each class, the set of
    classes that it can be mistaken for in practice (an alphabet)
    """

    inputs: Tensor
    rows: list[np.ndarray]
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def group_by_label(inputs: Tensor, labels: np.ndarray, groups: np.ndarray) -> Classes:
    """Inputs by label (N labels of any type, classes in their order); one group per class.

    Raises ValueError if there are more or fewer groups than classes.
    """
    names = np.unique(labels)
    if len(names) != len(groups):
        raise ValueError(f"{len(names)} classes have {len(groups)} groups: expected one per class")
    return Classes(inputs, [np.flatnonzero(labels == name) for name in names], groups)


@dataclass(frozen=True)
class Shape:
    """The size of a batch of episodes.

    queries: per class
    within_group: all classes of a task are of one group
    """

    tasks: int
    ways: int
    shots: int
    queries: int
    within_group: bool = False

    @property
    def examples(self) -> int:
        """Inputs per class."""
        return self.shots + self.queries


def sample_episodes(
    classes: Classes,
    shape: Shape,
    rng: np.random.Generator,
    augment: Callable[[Tensor], Tensor] | None = None,
) -> Episodes:
    """A batch of episodes without repeated inputs: no query is a support of its task.

    augment : is called once with all inputs of the episodes, m x ...
    Raises ValueError if there are too few classes, or too few inputs of a class.
    """
    _check(classes, shape)
    tasks = [sample_task(classes, shape, rng) for _ in range(shape.tasks)]
    rows = np.stack([rows for _, rows in tasks])  # t x ways x examples
    inputs = classes.inputs[torch.from_numpy(rows.reshape(-1))]
    if augment is not None:
        inputs = augment(inputs)
    inputs = inputs.unflatten(0, (shape.tasks, shape.ways, shape.examples))
    labels = torch.arange(shape.ways)[None, :, None].expand(shape.tasks, -1, shape.examples)
    examples, example_labels = shuffle_examples(
        inputs[:, :, : shape.shots].flatten(1, 2), labels[:, :, : shape.shots].flatten(1), rng
    )
    return Episodes(
        Support(examples, example_labels, torch.ones(example_labels.shape)),
        inputs[:, :, shape.shots :].flatten(1, 2),
        labels[:, :, shape.shots :].flatten(1),
        torch.from_numpy(np.stack([chosen for chosen, _ in tasks])),
    )


def shuffle_examples(
    inputs: Tensor, labels: Tensor, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Each task's examples in random order: the position must not reveal the class."""
    order = torch.from_numpy(np.stack([rng.permutation(labels.shape[1]) for _ in labels]))
    task = torch.arange(len(labels))[:, None]
    return inputs[task, order], labels[task, order]


def _check(classes: Classes, shape: Shape) -> None:
    """Raises ValueError if the episodes cannot be sampled."""
    if shape.within_group:
        available = int(np.unique(classes.groups, return_counts=True)[1].max(initial=0))
    else:
        available = len(classes)
    if available < shape.ways:
        raise ValueError(f"episodes of {shape.ways} ways need as many classes, not {available}")
    fewest = min(len(rows) for rows in classes.rows)
    if fewest < shape.examples:
        raise ValueError(
            f"{shape.shots} shots and {shape.queries} queries per class need as many inputs, "
            f"and a class has {fewest}"
        )


def sample_task(
    classes: Classes, shape: Shape, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A task's classes (ways) and the rows of their inputs (ways x examples)."""
    choices = np.arange(len(classes))
    if shape.within_group:
        groups, sizes = np.unique(classes.groups, return_counts=True)
        # every class of a group that is large enough has the same probability
        large = np.where(sizes >= shape.ways, sizes, 0)
        choices = choices[classes.groups == rng.choice(groups, p=large / large.sum())]
    chosen = rng.choice(choices, shape.ways, replace=False)
    rows = [rng.choice(classes.rows[number], shape.examples, replace=False) for number in chosen]
    return chosen, np.stack(rows)
