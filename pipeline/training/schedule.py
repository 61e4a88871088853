"""Learning rates: each parameter's share, and how the rate runs over the steps."""

import math

import torch
from torch import nn

from pipeline.params import Schedule, Train

FLOOR = 0.05  # of the top rate, where a triangle starts and ends
CYCLE_START, CYCLE_END = 1 / 25, 1e-4  # of the top rate, where one cycle does
FALL = 0.3  # of the rate, left after each plateau


def parameter_groups(learner: nn.Module, settings: Train) -> list[dict]:
    """Backbone (`net.backbone`) and head at their own rates; only matrices and kernels decay.

    `share` is the group's part of the scheduled rate, `top` the rate at the schedule's top.
    """
    groups: dict[tuple[float, float], list] = {}
    for name, parameter in learner.named_parameters():
        if parameter.requires_grad:
            share = settings.backbone_rate if name.startswith("net.backbone.") else 1.0
            decay = settings.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((share, decay), []).append(parameter)
    top = settings.learning_rate
    return [
        {"params": members, "weight_decay": decay, "lr": share * top, "share": share, "top": top}
        for (share, decay), members in groups.items()
    ]


def set_rate(
    optimizer: torch.optim.Optimizer, done: float, schedule: Schedule, plateaus: int = 0
) -> float:
    """Set every group's rate for the share `done` of the steps; returns the head's.

    plateaus : how many there have been
    """
    factor = rate_factor(done, schedule)
    if schedule.kind == "plateau":
        factor *= FALL**plateaus
    for group in optimizer.param_groups:
        group["lr"] = factor * group["share"] * group["top"]
    return factor * optimizer.param_groups[0]["top"]


def rate_factor(done: float, schedule: Schedule) -> float:
    """The scheduled share of the top rate, 0 to 1, after the share `done` of the steps.

    cosine: linear warm-up, then half a cosine to 0. cyclic: `cycles` triangles, each from 5 % up
    to the top and down again (Smith 2015, arXiv:1506.01186). one_cycle: half a cosine up from 4 %
    within the warm-up and one down to .01 % (Smith and Topin 2017, arXiv:1708.07120). restarts:
    linear warm-up, then `cycles` times half a cosine to 0 (Loshchilov and Hutter 2016,
    arXiv:1608.03983). plateau: linear warm-up, then the top.
    """
    kind, warmup = schedule.kind, schedule.warmup
    if kind == "cyclic":
        phase = done * schedule.cycles % 1
        return FLOOR + (1 - FLOOR) * (1 - abs(2 * phase - 1))
    if done < warmup:
        if kind == "one_cycle":
            return along_cosine(CYCLE_START, 1, done, warmup)
        return (done + 1e-3) / (warmup + 1e-3)
    after, length = done - warmup, 1 - warmup + 1e-9
    if kind == "plateau":
        return 1.0
    if kind == "restarts":
        length /= schedule.cycles
        after %= length
    return along_cosine(1, CYCLE_END if kind == "one_cycle" else 0, after, length)


def along_cosine(first: float, last: float, at: float, length: float) -> float:
    """From `first` at 0 to `last` at `length`, along half a cosine."""
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * at / length))


def plateaus(scores: list[float], patience: int) -> int:
    """How often `patience` epochs in a row brought no new highest score, one a time."""
    count, best, since = 0, -math.inf, 0
    for score in scores:
        best, since = (score, 0) if score > best else (best, since + 1)
        if since == patience:
            count, since = count + 1, 0
    return count
