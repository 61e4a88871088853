"""A folded pair computes what its two layers do, and its state dict stays."""

import copy

import pytest
import torch
from torch import nn

from pipeline.models import backbones, folding, member_networks
from pipeline.models.embedding_net import Architecture


def randomise(network: nn.Module) -> nn.Module:
    """Give every batch normalisation statistics and weights of its own."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
    return network


def test_a_convolution_of_3_with_a_norm_that_doubles_and_adds_1():
    convolution, norm = nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1, eps=0.0)
    convolution.weight.data.fill_(3.0)
    convolution.bias.data.fill_(5.0)
    norm.running_mean.fill_(1.0)
    norm.weight.data.fill_(2.0)
    norm.bias.data.fill_(1.0)
    folding.fold_frozen(convolution, norm.eval())
    # (3 x 10 + 5 - 1) x 2 + 1
    assert convolution(torch.full((1, 1, 1, 1), 10.0)).item() == 69.0
    assert norm(torch.tensor([69.0])).item() == 69.0


def test_pairs_are_those_that_follow_each_other_in_a_run():
    first, second = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 2, 1)
    norm, other = nn.BatchNorm2d(2), nn.BatchNorm2d(2)
    # registered in another order than they run in; a norm behind an activation has no pair
    network = nn.ModuleList([norm, first, other, second])

    def run() -> torch.Tensor:
        return second(other(torch.relu(norm(first(torch.ones(1, 1, 2, 2))))))

    assert folding.find_pairs(network, run) == [(first, norm)]
    assert not any(module._forward_hooks for module in network)


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet"])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_network_with_folded_stages_trains_as_before(name, channels):
    torch.manual_seed(0)
    architecture = Architecture(channels=channels, dim=8, pooling="gem", bnneck=True)
    net = randomise(member_networks.build(name, "none", architecture))
    net.freeze_stages(2)
    folded = copy.deepcopy(net)
    folded.fold_frozen_stages()
    assert folded.training
    shadowed = [m for m in folded.modules() if isinstance(m, nn.Conv2d) and "weight" in vars(m)]
    assert shadowed
    first = folded.backbone.get_submodule(folded.backbone.pretrained_cfg["first_conv"])
    assert (first in shadowed) == (channels == 3)  # with more planes it is trained
    crops = torch.randint(0, 256, (4, channels, 64, 64), dtype=torch.uint8)
    for network in (net, folded):
        network(crops)[1].square().sum().backward()
    gradients = [{n: p.grad for n, p in each.named_parameters()} for each in (net, folded)]
    assert gradients[0].keys() == gradients[1].keys()
    for parameter, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][parameter], gradient, rtol=1e-2, atol=1e-3)
    before, after = net.state_dict(), folded.state_dict()
    assert list(before) == list(after)
    for key, tensor in before.items():
        torch.testing.assert_close(after[key], tensor, rtol=1e-4, atol=1e-5)


def test_without_frozen_stages_nothing_is_folded():
    net = member_networks.build("test_resnet", "none", Architecture(3, 8, "gem", True))
    net.fold_frozen_stages()
    assert not any("weight" in vars(module) for module in net.modules())
    assert backbones.first_convolution(net.backbone) in dict(net.backbone.named_parameters())


class Shortcut(nn.Module):
    """A convolution that a normalisation and a shortcut read, and another one with its own norm."""

    def __init__(self) -> None:
        super().__init__()
        self.read_twice, self.norm = nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)
        self.second, self.last = nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        maps = self.read_twice(maps)
        return maps + self.last(self.second(self.norm(maps)))


def test_a_convolution_that_is_read_twice_is_not_folded():
    torch.manual_seed(0)
    network = randomise(Shortcut()).eval()
    maps = torch.randn(1, 1, 4, 4)
    before = network(maps)
    folding.fold_pairs(set(network.modules()), lambda: network(maps), network)
    assert torch.equal(network(maps), before)
    assert folding.is_batch_norm(network.norm)


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet"])
def test_a_folded_backbone_predicts_as_before_and_folds_once(name):
    torch.manual_seed(0)
    net = randomise(member_networks.build(name, "none", Architecture(3, 8, "gem", True))).eval()
    crops = torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8)
    before = net.embed(crops)
    net.fold_backbone()
    assert not any(folding.is_batch_norm(module) for module in net.backbone.modules())
    torch.testing.assert_close(net.embed(crops), before, rtol=1e-3, atol=1e-3)
    folded = net.embed(crops)
    net.fold_backbone()
    assert torch.equal(net.embed(crops), folded) and not net.training
