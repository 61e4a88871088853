"""Averages of weights by hand."""

import pytest
import torch
from torch import nn

from pipeline import params
from pipeline.training.averaging import AveragedWeights


def averaging(net: nn.Module, kind: str, start: float = 0.0, decay: float = 0.75):
    return AveragedWeights(net, params.Average(kind=kind, start=start, decay=decay))


def one_number(value: float) -> nn.Module:
    net = nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(value)
    return net


def test_swa_is_the_mean_of_the_epochs_after_the_start():
    """Of 1, 5, 2, 11 after a start of .25: 6."""
    net = one_number(0.0)
    average = averaging(net, "swa", start=0.25)
    for epoch, value in enumerate([1.0, 5.0, 2.0, 11.0]):
        net.weight.data.fill_(value)
        average.after_step((epoch + 0.5) / 4)
        average.after_epoch((epoch + 1) / 4)
    average.finish([])
    assert net.weight.item() == pytest.approx(6)


def test_ema_by_hand():
    """1, then 5: .75 + 1.25 = 2; then 6: 1.5 + 1.5 = 3."""
    net = one_number(0.0)
    average = averaging(net, "ema", start=0.5)
    for done, value in ((0.4, 99.0), (0.5, 1.0), (0.7, 5.0), (0.9, 6.0)):
        net.weight.data.fill_(value)
        average.after_step(done)
        average.after_epoch(done)
    average.finish([])
    assert net.weight.item() == pytest.approx(3)


def test_the_network_stays_without_an_average_or_before_its_start():
    for kind, start in (("none", 0.0), ("ema", 0.9)):
        net = one_number(4.0)
        average = averaging(net, kind, start)
        average.after_step(0.5)
        average.after_epoch(0.5)
        average.finish([])
        assert net.weight.item() == 4


class Normed(nn.Module):
    """Two batch normalisations, the second one frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.trained, self.frozen = nn.BatchNorm1d(1), nn.BatchNorm1d(1)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        return self.frozen(self.trained(crops))

    def train(self, mode: bool = True) -> "Normed":
        super().train(mode)
        self.frozen.eval()
        return self


def test_swa_recomputes_the_batch_statistics_except_frozen_ones():
    """Batches of mean 2 and 4: mean 3; the frozen one keeps its mean."""
    net = Normed()
    net.frozen.running_mean.fill_(0.25)
    net.trained.running_mean.fill_(77.0)
    average = averaging(net, "swa")
    average.after_epoch(1.0)
    batches = [(torch.tensor([[1.0], [3.0]]), None), (torch.tensor([[3.0], [5.0]]), None)]
    average.finish(batches)
    assert net.trained.running_mean.item() == pytest.approx(3)
    assert net.frozen.running_mean.item() == 0.25
    assert net.trained.momentum == 0.1


def test_integers_are_copied():
    """A batch normalisation counts its batches."""
    net = Normed()
    average = averaging(net, "ema")
    for count in (3, 8):
        net.trained.num_batches_tracked.fill_(count)
        average.after_step(0.5)
    assert average.state["trained.num_batches_tracked"].item() == 8
