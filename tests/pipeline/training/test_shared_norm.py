"""Batch normalisation over processes, here in a group of one: it is that of the layers themselves.

Two processes are in `test_shared_trainings.py`.
"""

import copy

import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import distributed, nn

from pipeline.models import folding
from pipeline.training.shared_norm import share_batch_norm


@pytest.fixture
def group():
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


LAYERS = {
    "vectors": (nn.BatchNorm1d(5), (6, 5)),
    "maps": (nn.BatchNorm2d(5, momentum=0.3), (4, 5, 3, 2)),
    "maps with an activation": (BatchNormAct2d(5), (4, 5, 3, 2)),
    "a plain mean over all batches": (nn.BatchNorm2d(5, momentum=None), (4, 5, 3, 2)),
    "without weights": (nn.BatchNorm2d(5, affine=False), (4, 5, 3, 2)),
    "one value": (nn.BatchNorm2d(5), (1, 5, 1, 2)),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.usefixtures("group")
def test_a_layer_is_itself(name):
    """Outputs, gradients and running statistics after two batches, and in eval mode."""
    torch.manual_seed(0)
    layer, shape = LAYERS[name]
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(0.5, 2)
    shared = copy.deepcopy(layer)
    share_batch_norm(shared)
    for _ in range(2):
        inputs = 3 + 2 * torch.randn(shape)
        results = [run(module, inputs) for module in (layer, shared)]
        torch.testing.assert_close(*results)
    torch.testing.assert_close(layer.state_dict(), shared.state_dict())
    layer.eval()
    shared.eval()
    torch.testing.assert_close(layer(inputs), shared(inputs))


def run(layer: nn.Module, inputs: torch.Tensor) -> list[torch.Tensor]:
    """Outputs and the gradients of inputs and weights."""
    inputs = inputs.clone().requires_grad_()
    outputs = layer(inputs)
    weights = torch.linspace(-1, 2, outputs.numel()).reshape(outputs.shape)
    return [outputs, *torch.autograd.grad((outputs * weights).sum(), [inputs, *layer.parameters()])]


@pytest.mark.usefixtures("group")
def test_half_precision_stays_half_precision():
    layer = nn.BatchNorm2d(3)
    shared = copy.deepcopy(layer)
    share_batch_norm(shared)
    inputs = torch.randn(4, 3, 5, 5, dtype=torch.bfloat16)
    outputs = shared(inputs)
    assert outputs.dtype == torch.bfloat16
    torch.testing.assert_close(outputs, layer(inputs))
    torch.testing.assert_close(shared.running_var, layer.running_var)


@pytest.mark.usefixtures("group")
def test_large_means_lose_no_digits():
    """10,000 +- 1: a mean of squares minus a squared mean would be off by a tenth or more."""
    layer = nn.BatchNorm1d(1)
    share_batch_norm(layer)
    outputs = layer(10_000 + torch.tensor([[-1.0], [1.0]]))
    torch.testing.assert_close(outputs, torch.tensor([[-1.0], [1.0]]), rtol=1e-4, atol=0)


def test_a_folded_layer_stays_folded():
    convolution, norm = nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1).eval()
    folding.fold_frozen(convolution, norm)
    net = nn.Sequential(convolution, norm)
    maps = torch.randn(2, 1, 3, 3)
    before = net(maps)
    share_batch_norm(net)
    assert torch.equal(net(maps), before) and isinstance(norm.forward, nn.Identity)
