"""The learning-rate range test: at which rates does a training learn, and where does it fall apart?

Smith 2015, "Cyclical learning rates", arXiv:1506.01186: the rate grows from step to step by the
same factor, and the loss tells.
"""

import contextlib
import itertools
import math
from collections.abc import Iterator
from functools import partial

import pandas as pd
from torch import Tensor
from tqdm import tqdm

from pipeline.training import health_checks
from pipeline.training.loop import gradient_step, run_steps
from pipeline.training.schedule import set_learning_rate
from pipeline.training.session import Run

SMOOTHING = 0.9  # of the running mean of the loss
DIVERGED = 3.0  # times the lowest smoothed loss


def sweep(run: Run, low: float, high: float, steps: int) -> pd.DataFrame:
    """Train for `steps` steps from rate `low` to `high`; columns rate, loss, smoothed.

    Rates are the head's; the backbone has its share. Ends early where the loss is not finite or has
    left its lowest value far behind. Raises ValueError unless 0 < low < high and steps >= 10.
    """
    if not (0 < low < high and steps >= 10):
        raise ValueError(
            f"rates {low} to {high} in {steps} steps: 0 < low < high, 10 steps or more"
        )
    run.learner.train()
    rows: list[tuple[float, float, float]] = []
    mean, lowest = 0.0, math.inf

    def set_rate(step: int) -> float:
        rate = low * (high / low) ** (step / (steps - 1))
        return set_learning_rate(run.optimizer, rate)

    def update(batch: tuple[Tensor, Tensor]) -> float:
        losses, _ = run.learner(*batch)
        return float(gradient_step(losses, run.optimizer, run.backward, check))

    check = partial(health_checks.check_step, epoch=0)
    batches = tqdm(itertools.islice(endless(run), steps), "rates", steps, unit="batch")
    with contextlib.suppress(health_checks.TrainingFailed):
        for step in run_steps(batches, set_rate, update):
            mean = SMOOTHING * mean + (1 - SMOOTHING) * step.result
            smoothed = mean / (1 - SMOOTHING ** (step.number + 1))
            rows.append((step.learning_rate, step.result, smoothed))
            lowest = min(lowest, smoothed)
            if smoothed > DIVERGED * lowest:
                break
    return pd.DataFrame(rows, columns=["rate", "loss", "smoothed"])


def endless(run: Run) -> Iterator:
    """The batches of one epoch after another."""
    for run.batches.epoch in itertools.count():
        yield from run.loader
