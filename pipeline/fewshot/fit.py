"""Meta-training of a learner on sampled episodes."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from tqdm import tqdm

from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Episodes
from pipeline.training.loop import run_steps
from pipeline.training.schedule import anneal_cosine, set_learning_rate

LAST_BATCHES = 20  # batches of episodes for `finish_training`


def cosine_decay(step: int, steps: int) -> float:
    """1 at step 0, falling to 0 after the last step along half a cosine."""
    return anneal_cosine(1, 0, step, steps)


def linear_decay(step: int, steps: int) -> float:
    """1 at step 0, falling to 0 after the last step along a line."""
    return 1 - step / steps


@dataclass(frozen=True)
class FitSettings:
    """Steps of Adam, the learning rate of the first step, and how it falls to 0."""

    steps: int
    learning_rate: float
    decay: Callable[[int, int], float] = cosine_decay


def fit(
    learner: Learner, sample: Callable[[int], Episodes], settings: FitSettings, name: str
) -> list[float]:
    """Train a learner with the episodes that `sample` returns for each step; returns the losses.

    Raises FloatingPointError if the loss or a weight is not finite.
    """
    optimizer = torch.optim.Adam(learner.parameters(), lr=settings.learning_rate)
    remedy = f"lower the learning rate {settings.learning_rate}"

    # a scheduler of torch warns about Reptile, which moves its start without the optimizer
    def set_rate(step: int) -> float:
        factor = settings.decay(step, settings.steps)
        return set_learning_rate(optimizer, settings.learning_rate, factor)

    def update(episodes: Episodes) -> float:
        return learner.update(episodes, optimizer)

    losses = []
    learner.train()
    batches = map(sample, range(settings.steps))
    steps = run_steps(batches, set_rate, update)
    for step in tqdm(steps, total=settings.steps, desc=name, unit="step", mininterval=2):
        if not math.isfinite(step.result):
            raise FloatingPointError(
                f"{name}: the loss is {step.result} at step {step.number}: {remedy}"
            )
        losses.append(step.result)
    if not all(weight.isfinite().all() for weight in learner.parameters()):
        raise FloatingPointError(f"{name}: weights are not finite after the last step: {remedy}")
    learner.eval()
    learner.finish_training(sample(settings.steps + number) for number in range(LAST_BATCHES))
    return losses
