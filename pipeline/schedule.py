"""Learning rates: each parameter's share, and how the rate runs over the steps."""

import math

import torch
from torch import nn

from pipeline.params import Schedule, Train

FLOOR = 0.05  # of the top rate, where a triangle starts and ends


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


def set_rate(optimizer: torch.optim.Optimizer, done: float, schedule: Schedule) -> float:
    """Set every group's rate for the share `done` of the steps; returns the head's."""
    factor = rate_factor(done, schedule)
    for group in optimizer.param_groups:
        group["lr"] = factor * group["share"] * group["top"]
    return factor * optimizer.param_groups[0]["top"]


def rate_factor(done: float, schedule: Schedule) -> float:
    """The scheduled share of the top rate, 0 to 1, after the share `done` of the steps.

    cosine: linear warm-up, then half a cosine to 0. cyclic: `cycles` triangles, each from 5 % up
    to the top and down again (Smith 2015, arXiv:1506.01186).
    """
    if schedule.kind == "cyclic":
        phase = done * schedule.cycles % 1
        return FLOOR + (1 - FLOOR) * (1 - abs(2 * phase - 1))
    if done < schedule.warmup:
        return (done + 1e-3) / (schedule.warmup + 1e-3)
    return 0.5 * (1 + math.cos(math.pi * (done - schedule.warmup) / (1 - schedule.warmup + 1e-9)))
