"""Learning one task: a few steps of gradient descent from a start, many tasks at once."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.fewshot.networks import Conv, Dense, Weights, begun
from pipeline.fewshot.tasks import Support, without_absent

PADDING = -100  # no class


def adapted(
    network: Dense | Conv,
    start: Weights,
    support: Support,
    ways: int,
    steps: int,
    rate: float,
    second_order: bool = False,
    parts: int = 1,
    output_rate: float | None = None,
) -> Weights:
    """`steps` of gradient descent on each task's weighted cross-entropy, from `start` (t x ...).

    The result has the output layer that the start lacks, which learns at `output_rate` where one
    is given. It begins with zeros, so that the first step moves nothing but it.
    parts: each step sees one of so many parts of the examples, in turn; 1 for all of them.
    second_order: the result can be differentiated by `start` through the steps' gradients too;
    otherwise it is cut off from `start`.
    """
    weights = begun(network, start, ways)
    output_rate = rate if output_rate is None else output_rate
    rates = [rate] * len(start) + [output_rate] * (len(weights) - len(start))
    with torch.enable_grad():
        for step in range(steps):
            seen = Support(*(one[:, step % parts :: parts] for one in support))
            # of second order, the output layer of zeros is all that depends on nothing yet
            weights = tuple(
                one if second_order and one.requires_grad else one.detach().requires_grad_()
                for one in weights
            )
            # a class that is absent from this part only still has its say
            logits = without_absent(network.logits(weights, seen.inputs), support, ways)
            cost = task_costs(logits, seen).sum()
            still = len(start) if step == 0 else 0  # their gradient is 0, and takes long to find
            gradients = torch.autograd.grad(cost, weights[still:], create_graph=second_order)
            moves = zip(weights[still:], gradients, rates[still:], strict=True)
            moved = (weight - own * gradient for weight, gradient, own in moves)
            # views: the next gradient is by them, not by what the output layer owes to the start
            weights = *(one.view_as(one) for one in weights[:still]), *moved
    return weights if second_order else tuple(one.detach() for one in weights)


def task_costs(logits: Tensor, support: Support) -> Tensor:
    """Each task's weighted mean cross-entropy, t, of t x n x ways: its gradient is its own."""
    # padding's class may be absent, and its logit with it
    labels = support.labels.masked_fill(support.weights == 0, PADDING)
    losses = F.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), reduction="none", ignore_index=PADDING
    )
    losses = losses.view_as(support.weights) * support.weights
    return losses.sum(dim=1) / support.weights.sum(dim=1).clamp(min=1e-9)
