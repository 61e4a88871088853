"""The training loop: all that is trained by an optimizer is trained here.

    for step in run_steps(batches, set_rate, update):
        ...

`run_steps` repeats; `gradient_step` is what an `update` ends with. What a training does after its
steps (progress, averages, validation) is in the body of its `for` statement.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

import torch
from torch import Tensor
from torch.optim import Optimizer

Batch = TypeVar("Batch")
Result = TypeVar("Result")
# of the total loss and the losses by name, and of the gradient's norm if it is known
Check = Callable[[Tensor, Mapping[str, Tensor], Tensor | None], None]


@dataclass(frozen=True)
class Step(Generic[Result]):
    """A finished step: its number from 0, its learning rate, and the result of `update`."""

    number: int
    learning_rate: float
    result: Result


def run_steps(
    batches: Iterable[Batch],
    set_rate: Callable[[int], float],
    update: Callable[[Batch], Result],
) -> Iterator[Step[Result]]:
    """Do one training step for every batch.

    set_rate : sets the learning rate of a step (see `schedule.set_learning_rate`) and returns it
    update : changes the weights by one batch
    """
    for number, batch in enumerate(batches):
        learning_rate = set_rate(number)
        yield Step(number, learning_rate, update(batch))


def gradient_step(
    losses: Mapping[str, Tensor],
    optimizer: Optimizer,
    backward: Callable[[Tensor], Tensor | None] = Tensor.backward,
    check: Check | None = None,
) -> Tensor:
    """Move the weights once against the gradient of the sum of `losses`; return that sum.

    backward : computes the gradient (and may clip it), returns its norm before clipping or None
    check : raises an error before the weights move; see `health_checks`
    """
    total = reduce(torch.add, losses.values())
    optimizer.zero_grad()
    norm = backward(total)
    if check:
        check(total, losses, norm)
    optimizer.step()
    return total.detach()
