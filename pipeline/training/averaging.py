"""Weights averaged over training: stochastic weight averaging, or a moving average."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from pipeline.params import Average


class AveragedWeights:
    """The average of a network's weights from the share `start` of the training on.

    swa: the plain mean over epochs (Izmailov et al. 2018, arXiv:1803.05407); the batch statistics
    are then taken anew. ema: over steps, the old average counting `decay`, statistics included.
    """

    def __init__(self, net: nn.Module, settings: Average) -> None:
        self.net, self.settings = net, settings
        self.state: dict[str, Tensor] = {}
        self.count = 0

    def after_step(self, done: float) -> None:
        if self.settings.kind == "ema" and done >= self.settings.start:
            self.take(1 - self.settings.decay)

    def after_epoch(self, done: float) -> None:
        if self.settings.kind == "swa" and done > self.settings.start:
            self.take(1 / (self.count + 1))

    @torch.no_grad()
    def take(self, share: float) -> None:
        """The weights of now count `share`; all, where they are the first."""
        self.count += 1
        for name, now in self.net.state_dict().items():
            if name in self.state and now.is_floating_point():
                self.state[name].lerp_(now, share)
            else:
                self.state[name] = now.clone()

    def finish(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Give the network its average; `batches` (crops, labels) renew its batch statistics."""
        if not self.count:
            return
        self.net.load_state_dict(self.state)
        if self.settings.kind == "swa":
            renew_statistics(self.net, batches)


@torch.no_grad()
def renew_statistics(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Take every batch normalisation's mean and variance anew; frozen ones keep theirs."""
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
