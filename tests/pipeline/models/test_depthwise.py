"""Depthwise convolutions: the same values and gradients as PyTorch's own."""

import copy

import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn

from pipeline.models import depthwise
from pipeline.models.depthwise import DepthwiseConv


def run(network: nn.Module, maps: torch.Tensor) -> list[torch.Tensor]:
    """The result and all gradients of the sum of its squares."""
    maps = maps.clone().requires_grad_()
    network.zero_grad()
    result = network(maps)
    result.square().sum().backward()
    return [result.detach(), maps.grad, *(p.grad for p in network.parameters())]


@pytest.mark.parametrize("kernel", [(3, 3), (5, 5), (7, 7), (3, 4), (9, 6)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kind", [nn.Conv2d, Conv2dSame])
def test_values_and_gradients_are_those_of_the_convolution(kind, stride, kernel):
    torch.manual_seed(0)
    padding = 0 if kind is Conv2dSame else (kernel[0] // 2, kernel[1] // 2)
    plain = nn.Sequential(kind(4, 4, kernel, stride=stride, padding=padding, groups=4))
    wide = copy.deepcopy(plain)
    depthwise.replace_depthwise(wide, Conv2dSame)
    assert isinstance(wide[0], DepthwiseConv)
    maps = torch.randn(3, 4, 11, 12)
    for expected, found in zip(run(plain, maps), run(wide, maps), strict=True):
        assert torch.allclose(found, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    with torch.autocast("cpu", torch.bfloat16):  # numbers of eight bits
        halves = run(wide, maps)
    assert halves[0].dtype == torch.bfloat16
    for expected, found in zip(run(plain, maps), halves, strict=True):
        error = (found.float() - expected).abs().max() / expected.abs().max()
        assert found.dtype in (torch.bfloat16, torch.float32) and error < 0.03


def test_names_and_weights_stay_and_other_convolutions_too():
    network = nn.Sequential(
        nn.Conv2d(4, 4, 5, groups=4, bias=False),
        nn.Conv2d(4, 4, 5, groups=2),
        nn.Conv2d(4, 8, 5, groups=4),
        nn.Conv2d(1, 1, 5),
        nn.Conv2d(4, 4, 5, groups=4, dilation=2),
    )
    before = dict(network.named_parameters())
    depthwise.replace_depthwise(network, Conv2dSame)
    assert [isinstance(module, DepthwiseConv) for module in network] == [True] + 4 * [False]
    assert all(parameter is before[name] for name, parameter in network.named_parameters())
    assert len(before) == len(dict(network.named_parameters()))


def test_frozen_weights_get_no_gradient():
    network = nn.Sequential(nn.Conv2d(4, 4, 5, groups=4, bias=False))
    depthwise.replace_depthwise(network, Conv2dSame)
    network.requires_grad_(False)
    maps = torch.randn(1, 4, 6, 6, requires_grad=True)
    network(maps).sum().backward()
    assert maps.grad is not None and network[0].weight.grad is None
