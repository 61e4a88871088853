"""timm's networks: by which names they are built, and where they end; with its tiny models."""

import pytest
import torch
from torch import nn

from pipeline.models import backbones, timm_networks, weights


def build(name: str = "test_resnet", **changes) -> nn.Module:
    torch.manual_seed(0)
    settings = dict(first_weights="none", channels=3, reduction=backbones.WHOLE, drop_path=0.0)
    return backbones.build(name, **(settings | changes)).eval()


@pytest.mark.parametrize("reduction", [8, 16])
@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "test_convnext"])
def test_a_truncated_backbone_gives_the_maps_of_that_stage(name, reduction):
    whole, short = build(name), build(name, reduction=reduction)
    short.load_state_dict(whole.state_dict(), strict=False)
    inputs = torch.rand(2, 3, 32, 64)
    ends = [stage["reduction"] for stage in whole.feature_info]
    with torch.inference_mode():
        (expected,) = whole.forward_intermediates(
            inputs, indices=[ends.index(reduction)], intermediates_only=True
        )
        maps = short.forward_features(inputs)
    assert maps.shape[2:] == (32 // reduction, 64 // reduction)
    torch.testing.assert_close(maps, expected)
    assert parameters(short) < parameters(whole)


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_a_truncated_backbone_keeps_its_first_weights():
    net = build("tf_efficientnet_lite0", first_weights="imagenet", reduction=16)
    expected = weights.lite_state_dict("tf_efficientnet_lite0")
    state = net.state_dict()
    assert net.num_features == 112 and len(state) < len(expected) - 2
    assert all(torch.equal(value, expected[name]) for name, value in state.items())


def test_a_backbone_that_reduces_no_further_stays_whole():
    assert parameters(build(reduction=32)) == parameters(build())


def test_a_reduction_at_which_no_stage_ends_is_refused():
    backbone = timm_networks.timm.create_model("test_resnet")
    with pytest.raises(ValueError, match=r"reduction is 5, the backbone's stages end at \[2, 4, 8"):
        backbones.truncate(backbone, 5)


def test_an_architecture_unknown_to_timm_is_refused():
    with pytest.raises(ValueError, match="timm has no network 'resnet5000'"):
        build("resnet5000")
