"""Gradients of a batch by two threads, each with half of it."""

import copy
from collections.abc import Callable
from concurrent.futures import Executor

import torch
from torch import Tensor, nn

Loss = Callable[[nn.Module, Tensor], Tensor]
# Views of the smallest batch that is halved: batch norms know too little of halves of four (box IoU
# of 300 photographs of the demo .882, after whole batches of eight .887).
SMALLEST = 12


class HalfBatches:
    """A net and its twin: the same weights, but batch norms of its own.

    Two cores compute two halves in half the time; two threads of torch for one batch wait for each
    other after every layer. One core computes the same, one half after the other. A GPU computes a
    batch as a whole, and so does a CPU if `smallest`, the views of the smallest batch, is too few.
    """

    def __init__(self, net: nn.Module, smallest: int, pool: Executor) -> None:
        self.weights = list(net.parameters())
        shared = {id(weight): weight for weight in self.weights}
        whole = self.weights[0].is_cuda or smallest < SMALLEST
        self.nets = [net] if whole else [net, copy.deepcopy(net, memo=shared)]
        self.pool = pool

    def compute_gradient(self, loss: Loss, views: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The loss of B views, the mean over all, and its gradient for each of `self.weights`."""
        parts = torch.tensor_split(views, len(self.nets))

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
