"""Adaptation to a task: a few steps of gradient descent on its support set, many tasks at once."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.fewshot.networks import Conv, Dense, Weights, add_output_layer
from pipeline.fewshot.tasks import Support, mask_absent_classes

PADDING = -100  # no class


@dataclass(frozen=True)
class InnerLoop:
    """Settings of the gradient steps on a support set.

    output_learning_rate: of the output layer; None for `learning_rate`
    minibatches: each step uses one of so many parts of the examples, in turn; 1 for all of them
    second_order: the result can be differentiated with respect to the initial weights through the
        steps' gradients; otherwise it is detached from them
    """

    steps: int
    learning_rate: float
    output_learning_rate: float | None = None
    minibatches: int = 1
    second_order: bool = False

    def learning_rates(self, layers: int) -> list[float]:
        """The rate of each weight tensor, of which the last two are the output layer's."""
        output = self.output_learning_rate
        output = self.learning_rate if output is None else output
        return [self.learning_rate] * (layers - 2) + [output] * 2


def adapt(
    network: Dense | Conv, start: Weights, support: Support, ways: int, loop: InnerLoop
) -> Weights:
    """Minimise the weighted cross-entropy of each task's support set, from `start` (t x ...).

    The result has an output layer, which `start` lacks. It begins with zeros, so that the first
    step changes nothing else.
    """
    weights = add_output_layer(network, start, ways)
    with torch.enable_grad():
        for step in range(loop.steps):
            # with second order, the zero output layer is all that depends on nothing yet
            weights = tuple(
                tensor if loop.second_order and tensor.requires_grad else _leaf(tensor)
                for tensor in weights
            )
            weights = _descend(network, weights, support, ways, loop, step)
    return weights if loop.second_order else tuple(tensor.detach() for tensor in weights)


def _leaf(tensor: Tensor) -> Tensor:
    return tensor.detach().requires_grad_()


def _descend(
    network: Dense | Conv,
    weights: Weights,
    support: Support,
    ways: int,
    loop: InnerLoop,
    step: int,
) -> Weights:
    """One gradient step."""
    part = Support(*(values[:, step % loop.minibatches :: loop.minibatches] for values in support))
    # classes are masked by the whole support set: one that this part lacks stays in the softmax
    logits = mask_absent_classes(network.logits(weights, part.inputs), support, ways)
    cost = task_costs(logits, part).sum()
    # in the first step only the output layer has a gradient; the others' are 0 and slow to compute
    fixed = len(weights) - 2 if step == 0 else 0
    gradients = torch.autograd.grad(cost, weights[fixed:], create_graph=loop.second_order)
    rates = loop.learning_rates(len(weights))[fixed:]
    moves = zip(weights[fixed:], gradients, rates, strict=True)
    moved = (weight - rate * gradient for weight, gradient, rate in moves)
    # views: the next gradient is with respect to them, without the output layer's dependence
    return *(tensor.view_as(tensor) for tensor in weights[:fixed]), *moved


def task_costs(logits: Tensor, support: Support) -> Tensor:
    """The weighted mean cross-entropy of each task, t, of t x n x ways logits."""
    # the class of padding may be absent, and its logit -inf
    labels = support.labels.masked_fill(support.weights == 0, PADDING)
    losses = F.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), reduction="none", ignore_index=PADDING
    )
    losses = losses.view_as(support.weights) * support.weights
    return losses.sum(dim=1) / support.weights.sum(dim=1).clamp(min=1e-9)
