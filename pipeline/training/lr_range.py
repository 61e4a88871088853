"""The learning-rate range test: at which rates does a training learn, and where does it fall apart?

Smith 2015, "Cyclical learning rates", arXiv:1506.01186: the rate grows from step to step by the
same factor, and the loss tells.
"""

import itertools
import math
from collections.abc import Iterator

import pandas as pd
from tqdm import tqdm

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
    batches = itertools.islice(endless(run), steps)
    for step, (crops, labels) in enumerate(tqdm(batches, "rates", steps, unit="batch")):
        rate = low * (high / low) ** (step / (steps - 1))
        for group in run.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        losses, _ = run.learner(crops, labels)
        loss = sum(losses.values())
        norm = run.backward(loss)
        if not (math.isfinite(float(loss.detach())) and math.isfinite(float(norm))):
            break
        run.optimizer.step()
        mean = SMOOTHING * mean + (1 - SMOOTHING) * float(loss.detach())
        smoothed = mean / (1 - SMOOTHING ** (step + 1))
        rows.append((rate, float(loss.detach()), smoothed))
        lowest = min(lowest, smoothed)
        if smoothed > DIVERGED * lowest:
            break
    return pd.DataFrame(rows, columns=["rate", "loss", "smoothed"])


def endless(run: Run) -> Iterator:
    """The batches of one epoch after another."""
    for run.batches.epoch in itertools.count():
        yield from run.loader
