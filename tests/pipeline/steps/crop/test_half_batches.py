"""Gradients of a batch by halves."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from pipeline.steps.crop.half_batches import SMALLEST, HalfBatches


def loss(net, views):
    return (net(views) ** 2).mean()


def compute(net, views, threads, smallest=SMALLEST):
    with ThreadPoolExecutor(threads) as pool:
        halves = HalfBatches(net, smallest, pool)
        return *halves.compute_gradient(loss, views), halves


@pytest.mark.parametrize("count", [2, 7, 8])
def test_the_gradient_of_both_halves_is_that_of_the_batch(count):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(4, 3, 3), nn.Conv2d(3, 1, 1))
    views = torch.randn(count, 4, 6, 6)
    total, gradient, _ = compute(net, views, threads=2)
    expected = loss(net, views)
    expected.backward()
    assert total.item() == pytest.approx(expected.item())
    for weight, slope in zip(net.parameters(), gradient, strict=True):
        assert torch.allclose(weight.grad, slope, atol=1e-6)


def test_one_thread_computes_the_same():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(4, 3, 3), nn.BatchNorm2d(3))
    views = torch.randn(8, 4, 6, 6)
    (_, first, _), (_, second, _) = (compute(net, views, threads) for threads in (1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_the_statistics_of_batch_norms_are_joined():
    """Halves with means 1 and 3: after one step at momentum 1 the mean is 2, and no variance."""
    net = nn.Sequential(nn.BatchNorm2d(1, momentum=1.0))
    views = torch.cat([torch.full((2, 1, 2, 2), 1.0), torch.full((2, 1, 2, 2), 3.0)])
    _, _, halves = compute(net, views, threads=2)
    assert net[0].running_mean.item() == 1
    halves.join_statistics()
    assert net[0].running_mean.item() == 2 and net[0].running_var.item() == 0


def test_weights_are_shared():
    net = nn.Sequential(nn.Conv2d(4, 3, 3))
    _, twin = HalfBatches(net, SMALLEST, ThreadPoolExecutor(1)).nets
    assert twin is not net and twin[0].weight is net[0].weight


def test_small_batches_stay_whole():
    """A batch of one, and statistics that no untrained twin is part of."""
    net = nn.Sequential(nn.BatchNorm2d(1, momentum=1.0))
    _, _, halves = compute(net, torch.full((1, 1, 2, 2), 5.0), 2, smallest=SMALLEST - 1)
    halves.join_statistics()
    assert halves.nets == [net] and net[0].running_mean.item() == 5
