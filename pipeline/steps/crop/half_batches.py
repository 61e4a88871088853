"""Gradients of a batch by two threads, each with half of it."""

import copy
from collections.abc import Callable
from concurrent.futures import Executor

import torch
from torch import Tensor, nn

Loss = Callable[[nn.Module, Tensor], Tensor]
SMALLEST = 4  # views: batch norm can't take a half of one


class HalfBatches:
    """A net and its twin: the same weights, but batch norms of its own.

    Two cores compute two halves in half the time; two threads of torch for one batch wait for each
    other after every layer. One core computes the same, one half after the other. A GPU computes
    the batch as a whole.
    """

    def __init__(self, net: nn.Module, pool: Executor) -> None:
        self.weights = list(net.parameters())
        shared = {id(weight): weight for weight in self.weights}
        on_gpu = self.weights[0].is_cuda
        self.nets = [net] if on_gpu else [net, copy.deepcopy(net, memo=shared)]
        self.pool = pool

    def compute_gradient(self, loss: Loss, views: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The loss of B views, the mean over all, and its gradient for each of `self.weights`."""
        count = len(self.nets) if len(views) >= SMALLEST else 1
        parts = torch.tensor_split(views, count)

        def differentiate(net: nn.Module, part: Tensor) -> tuple[Tensor, list[Tensor]]:
            scaled = loss(net, part) * (len(part) / len(views))
            return scaled.detach(), list(torch.autograd.grad(scaled, self.weights))

        results = list(self.pool.map(differentiate, self.nets, parts))
        total, gradients = results[0]
        for other, more in results[1:]:
            total = total + other
            torch._foreach_add_(gradients, more)
        return total, gradients

    def join_statistics(self) -> None:
        """Give the net the mean of both batch norms' statistics, at the end."""
        for mine, *others in zip(*(net.buffers() for net in self.nets), strict=True):
            if mine.is_floating_point():
                mine.copy_(torch.stack([mine, *others]).mean(dim=0))
