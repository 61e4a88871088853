"""Learning one task: a few steps of gradient descent from a start, many tasks at once."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.fewshot.networks import Conv, Dense, Weights
from pipeline.fewshot.tasks import Support


def adapted(
    network: Dense | Conv,
    start: Weights,
    support: Support,
    steps: int,
    rate: float,
    second_order: bool = False,
    parts: int = 1,
) -> Weights:
    """`steps` of gradient descent on each task's weighted cross-entropy, from `start` (t x ...).

    parts: each step sees one of so many parts of the examples, in turn; 1 for all of them.
    second_order: the result can be differentiated by `start` through the steps' gradients too;
    otherwise it is cut off from `start`.
    """
    weights = start
    with torch.enable_grad():
        for step in range(steps):
            seen = Support(*(one[:, step % parts :: parts] for one in support))
            if not second_order:
                weights = tuple(one.detach().requires_grad_() for one in weights)
            cost = task_costs(network.logits(weights, seen.inputs), seen).sum()
            gradients = torch.autograd.grad(cost, weights, create_graph=second_order)
            weights = tuple(p - rate * g for p, g in zip(weights, gradients, strict=True))
    return weights if second_order else tuple(one.detach() for one in weights)


def task_costs(logits: Tensor, support: Support) -> Tensor:
    """Each task's weighted mean cross-entropy, t, of t x n x ways: its gradient is its own."""
    losses = F.cross_entropy(logits.flatten(0, 1), support.labels.flatten(), reduction="none")
    losses = losses.view_as(support.weights) * support.weights
    return losses.sum(dim=1) / support.weights.sum(dim=1).clamp(min=1e-9)
