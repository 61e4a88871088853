"""Weights averaged over training: stochastic weight averaging, or a moving average."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from pipeline.params import Average


class AveragedWeights:
    """The average of a network's weights after the fraction `start` of the training.

    swa: the plain mean over epochs (Izmailov et al. 2018, arXiv:1803.05407); the batch statistics
    are computed anew at the end. ema: a moving average over steps, in which the old average has the
    weight `decay`; it includes the batch statistics.
    """

    def __init__(self, net: nn.Module, settings: Average) -> None:
        self.net, self.settings = net, settings
        self.state: dict[str, Tensor] = {}
        self.count = 0

    def after_step(self, done: float) -> None:
        """Update a moving average; `done` is the finished fraction of the training."""
        if self.settings.kind == "ema" and done >= self.settings.start:
            self.update(1 - self.settings.decay)

    def after_epoch(self, done: float) -> None:
        """Update the mean over epochs; `done` is the finished fraction of the training."""
        if self.settings.kind == "swa" and done > self.settings.start:
            self.update(1 / (self.count + 1))

    @torch.no_grad()
    def update(self, weight: float) -> None:
        """Add the current weights with this weight; the first ones are taken as they are."""
        self.count += 1
        for name, current in self.net.state_dict().items():
            if name in self.state and current.is_floating_point():
                self.state[name].lerp_(current, weight)
            else:
                self.state[name] = current.clone()

    def finish(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Load the average into the network.

        batches : crops and labels, to compute the batch statistics of swa
        """
        if not self.count:
            return
        self.net.load_state_dict(self.state)
        if self.settings.kind == "swa":
            recompute_batch_statistics(self.net, batches)


@torch.no_grad()
def recompute_batch_statistics(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Compute mean and variance of every batch normalisation anew, except frozen ones."""
    net.train()
    norms = [
        module
        for module in net.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training
    ]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    for crops, _ in batches:
        net(crops)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
