"""Learning rates: the groups of parameters, and how the rate changes over the steps.

Every learning rate in this pipeline is set by `set_learning_rate`.
"""

import math

import torch
from torch import nn

from pipeline.params import Schedule, Train

FLOOR = 0.05  # of the top rate, where a triangle starts and ends
CYCLE_START, CYCLE_END = 1 / 25, 1e-4  # of the top rate, where one cycle starts and ends
FALL = 0.3  # of the rate, left after each plateau
# of `set_one_cycle`, as torch's: top over first rate, first over last rate, beta1 from and to
DIVISOR, LAST_DIVISOR, MOMENTA = 25.0, 1e4, (0.95, 0.85)


def parameter_groups(learner: nn.Module, settings: Train) -> list[dict]:
    """Group parameters by learning rate (backbone, head) and decay (only matrices and kernels).

    The backbone is `net.backbone`. `lr_scale` is the group's multiple of the scheduled rate.
    """
    groups: dict[tuple[float, float], list] = {}
    for name, parameter in learner.named_parameters():
        if parameter.requires_grad:
            lr_scale = settings.backbone_lr_scale if name.startswith("net.backbone.") else 1.0
            decay = settings.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((lr_scale, decay), []).append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": decay,
            "lr": lr_scale * settings.learning_rate,
            "lr_scale": lr_scale,
        }
        for (lr_scale, decay), parameters in groups.items()
    ]


def set_learning_rate(optimizer: torch.optim.Optimizer, top: float, factor: float = 1.0) -> float:
    """Set every group's rate to `factor` x its `lr_scale` (1 if it has none) x `top`.

    Returns `factor` x `top`, the rate of a group without `lr_scale`.
    """
    for group in optimizer.param_groups:
        # in this order: another one rounds otherwise
        group["lr"] = factor * group.get("lr_scale", 1.0) * top
    return factor * top


def lr_factor(done: float, schedule: Schedule, plateaus: int = 0) -> float:
    """Scheduled fraction of the top rate, 0 to 1, after the fraction `done` of the steps.

    plateaus : how many there have been (see `count_plateaus`)

    cosine: linear warm-up, then half a cosine to 0. cyclic: `cycles` triangles, each from 5 % up
    to the top and down again (Smith 2015, arXiv:1506.01186). one_cycle: half a cosine up from 4 %
    within the warm-up and one down to .01 % (Smith and Topin 2017, arXiv:1708.07120). restarts:
    linear warm-up, then `cycles` times half a cosine to 0 (Loshchilov and Hutter 2016,
    arXiv:1608.03983). plateau: linear warm-up, then the top, of which every plateau leaves 30 %.
    """
    kind, warmup = schedule.kind, schedule.warmup
    if kind == "cyclic":
        phase = done * schedule.cycles % 1
        return FLOOR + (1 - FLOOR) * (1 - abs(2 * phase - 1))
    remaining = FALL**plateaus if kind == "plateau" else 1.0
    if done < warmup:
        if kind == "one_cycle":
            return anneal_cosine(CYCLE_START, 1, done, warmup)
        return (done + 1e-3) / (warmup + 1e-3) * remaining
    if kind == "plateau":
        return remaining
    after, length = done - warmup, 1 - warmup + 1e-9
    if kind == "restarts":
        length /= schedule.cycles
        after %= length
    return anneal_cosine(1, CYCLE_END if kind == "one_cycle" else 0, after, length)


def anneal_cosine(first: float, last: float, at: float, length: float) -> float:
    """Go from `first` at 0 to `last` at `length` along half a cosine."""
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * at / length))


def count_plateaus(scores: list[float], patience: int) -> int:
    """Count how often `patience` epochs in a row brought no new highest score."""
    count, best, since = 0, -math.inf, 0
    for score in scores:
        best, since = (score, 0) if score > best else (best, since + 1)
        if since == patience:
            count, since = count + 1, 0
    return count


def set_one_cycle(
    optimizer: torch.optim.Optimizer, top: float, step: int, steps: int, warmup: float
) -> float:
    """Set rate and momentum (beta1) of one step as torch's OneCycleLR does; returns the rate.

    The rate rises from 4 % of `top` within the fraction `warmup` of the steps and falls to
    .0004 %; the momentum falls and rises against it (Smith and Topin 2017, arXiv:1708.07120).
    """
    first, peak = top / DIVISOR, warmup * steps - 1
    if step <= peak and peak > 0:
        done, rates, momenta = step / peak, (first, top), MOMENTA
    else:
        done = (step - peak) / (steps - 1 - peak)
        rates, momenta = (top, first / LAST_DIVISOR), MOMENTA[::-1]
    for group in optimizer.param_groups:
        group["betas"] = (anneal_cosine(*momenta, done, 1), *group["betas"][1:])
    return set_learning_rate(optimizer, anneal_cosine(*rates, done, 1))
