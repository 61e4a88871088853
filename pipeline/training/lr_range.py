"""The learning-rate range test (Smith 2015, "Cyclical learning rates", arXiv:1506.01186).

The learning rate grows from step to step by the same factor: the loss shows at which rates training
works and where it diverges.
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
from pipeline.training.session import TrainingSession

SMOOTHING = 0.9  # of the running mean of the loss
DIVERGED = 3.0  # times the lowest smoothed loss


def run_range_test(session: TrainingSession, low: float, high: float, steps: int) -> pd.DataFrame:
    """Train for `steps` steps from rate `low` to `high`; columns rate, loss, smoothed.

    Rates are the head's; the backbone's is scaled as in training. Stops early if the loss is not
    finite or far above its lowest value. Raises ValueError unless 0 < low < high and steps >= 10.
    """
    if not (0 < low < high and steps >= 10):
        raise ValueError(
            f"rates {low} to {high} in {steps} steps: 0 < low < high, 10 steps or more"
        )
    batches = tqdm(itertools.islice(repeat_epochs(session), steps), "rates", steps, unit="batch")
    check = partial(health_checks.check_step, place="range test")

    def set_rate(step: int) -> float:
        rate = low * (high / low) ** (step / (steps - 1))
        return set_learning_rate(session.optimizer, rate)

    def update(batch: tuple[Tensor, Tensor]) -> float:
        losses, _ = session.learner(*batch)
        return float(gradient_step(losses, session.optimizer, session.backward, check))

    session.learner.train()
    rows: list[tuple[float, float, float]] = []
    mean, lowest = 0.0, math.inf
    with contextlib.suppress(health_checks.TrainingFailed):
        for step in run_steps(batches, set_rate, update):
            mean = SMOOTHING * mean + (1 - SMOOTHING) * step.result
            smoothed = mean / (1 - SMOOTHING ** (step.number + 1))
            rows.append((step.learning_rate, step.result, smoothed))
            lowest = min(lowest, smoothed)
            if smoothed > DIVERGED * lowest:
                break
    return pd.DataFrame(rows, columns=["rate", "loss", "smoothed"])


def repeat_epochs(session: TrainingSession) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the batches of one epoch after another, without end."""
    for session.batches.epoch in itertools.count():
        yield from session.loader
