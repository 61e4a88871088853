"""Meta-training: one plain loop over drawn tasks."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from tqdm import tqdm

from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Episodes

SETTLED = 20  # draws of tasks that `settle` sees


@dataclass(frozen=True)
class Fit:
    """steps of Adam with a rate that falls to 0 along a cosine."""

    steps: int
    rate: float

    def at(self, step: int) -> float:
        """The rate of a step."""
        return self.rate * (1 + math.cos(math.pi * step / self.steps)) / 2


def fit(learner: Learner, draw: Callable[[int], Episodes], settings: Fit, name: str) -> list[float]:
    """Teach a learner with the tasks that `draw` gives for each step; returns the losses.

    Raises FloatingPointError where the loss or a weight is no number any more.
    """
    optimiser = torch.optim.Adam(learner.parameters(), lr=settings.rate)
    losses = []
    learner.train()
    for step in tqdm(range(settings.steps), desc=name, unit="step", mininterval=2):
        # set here: a scheduler warns of Reptile, which moves its start without the optimiser
        optimiser.param_groups[0]["lr"] = settings.at(step)
        losses.append(learner.update(draw(step), optimiser))
        if not math.isfinite(losses[-1]):
            raise FloatingPointError(
                f"{name}: the loss is {losses[-1]} at step {step}: lower the rate {settings.rate}"
            )
    if not all(one.isfinite().all() for one in learner.parameters()):
        raise FloatingPointError(
            f"{name}: the last step left weights that are no numbers: lower the rate "
            f"{settings.rate}"
        )
    learner.eval()
    learner.settle([draw(settings.steps + number) for number in range(SETTLED)])
    return losses
