"""Reptile (Nichol et al. 2018, arXiv:1803.02999) on stored embeddings.

A small head (d -> hidden -> ways) is meta-trained on few-shot tasks so that a few gradient steps
teach it ten individuals; every query then gets a head of its own, adapted on its candidates.
Heads are plain tensors with a leading axis of t tasks. Adapting returns new tensors and leaves the
start as it was, so nothing has to be restored after a query.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Head(NamedTuple):
    """t heads: hidden (t x d x h), bias (t x 1 x h), out (t x h x ways), shift (t x 1 x ways)."""

    hidden: Tensor
    bias: Tensor
    out: Tensor
    shift: Tensor

    def logits(self, inputs: Tensor) -> Tensor:
        """t x n x d unit vectors to t x n x ways."""
        # a unit vector's entries are about 1 / sqrt(d): scaled up, the usual initialisation fits
        scaled = inputs * inputs.shape[-1] ** 0.5
        active = F.relu(torch.baddbmm(self.bias, scaled, self.hidden))
        return torch.baddbmm(self.shift, active, self.out)

    def repeated(self, times: int) -> "Head":
        """Each of the t heads `times` times in a row."""
        return Head(*(tensor.repeat_interleave(times, dim=0) for tensor in self))

    def picked(self, which: Tensor) -> "Head":
        """The heads numbered in `which`."""
        return Head(*(tensor[which] for tensor in self))


class Task(NamedTuple):
    """t tasks: inputs t x n x d, labels t x n (0 .. ways - 1), weights t x n (0 for padding)."""

    inputs: Tensor
    labels: Tensor
    weights: Tensor


def random_start(count: int, dim: int, hidden: int, ways: int, seed: int) -> Head:
    """`count` equal heads: a random hidden layer, and an output layer of zeros.

    Which class an individual gets is chance, so any other first output layer would be noise that
    the few steps of a task have to unlearn.
    """
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(1, dim, hidden, generator=generator) * (2 / dim) ** 0.5
    shapes = [(1, 1, hidden), (1, hidden, ways), (1, 1, ways)]
    one = Head(first, *(torch.zeros(shape) for shape in shapes))
    return one.repeated(count)


def adapted(start: Head, task: Task, steps: int, rate: float) -> Head:
    """`steps` of gradient descent on each task's weighted cross-entropy, from `start` (t heads)."""
    head = start
    with torch.enable_grad():
        for _ in range(steps):
            head = Head(*(tensor.detach().requires_grad_() for tensor in head))
            gradients = torch.autograd.grad(_cost(head, task), head)
            head = Head(*(p - rate * g for p, g in zip(head, gradients, strict=True)))
    return Head(*(tensor.detach() for tensor in head))


def _cost(head: Head, task: Task) -> Tensor:
    """Sum of the tasks' weighted mean cross-entropies: each one's gradient reaches its own head."""
    logits = head.logits(task.inputs)
    losses = F.cross_entropy(logits.flatten(0, 1), task.labels.flatten(), reduction="none")
    losses = losses.view_as(task.weights) * task.weights
    return (losses.sum(dim=1) / task.weights.sum(dim=1).clamp(min=1e-9)).sum()


def meta_update(start: Head, task: Task, steps: int, inner_rate: float, meta_rate: float) -> Head:
    """One Reptile step: theta + meta_rate x mean over tasks of (phi - theta).

    `task` holds equally many tasks for each head in `start`, one head's after another's.
    """
    each = len(task.labels) // len(start.hidden)
    learned = adapted(start.repeated(each), task, steps, inner_rate)

    def moved(theta: Tensor, phi: Tensor) -> Tensor:
        mean = phi.view(len(theta), each, *theta.shape[1:]).mean(dim=1)
        return theta + meta_rate * (mean - theta)

    return Head(*(moved(theta, phi) for theta, phi in zip(start, learned, strict=True)))
