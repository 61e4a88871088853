"""timm's networks: where they end, and their first weights; with its tiny test models."""

import pathlib

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from pipeline.models import backbones, weights
from pipeline.system.errors import UserError


def build(name: str = "test_resnet", **changes) -> nn.Module:
    torch.manual_seed(0)
    settings = dict(first_weights="none", channels=3, reduction=backbones.WHOLE, drop_path=0.0)
    return backbones.build(name, **(settings | changes)).eval()


# truncation


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
    backbone = backbones.timm.create_model("test_resnet")
    with pytest.raises(ValueError, match=r"reduction is 5, the backbone's stages end at \[2, 4, 8"):
        backbones.truncate(backbone, 5)


# first weights


def test_the_packaged_imagenet_weights_reach_the_backbone():
    net = build("tf_efficientnet_lite0", first_weights="imagenet")
    expected = weights.lite_state_dict("tf_efficientnet_lite0")
    state = net.state_dict()
    assert len(state) == len(expected) - 2  # without the classifier
    assert all(torch.equal(value, expected[name]) for name, value in state.items())


def test_weights_that_cannot_be_fetched_are_named_with_ways_out(monkeypatch):
    create = backbones.timm.create_model

    def offline(name, pretrained=False, **kwargs):
        if pretrained:
            raise ConnectionError("no route to host")
        return create(name, **kwargs)

    monkeypatch.setattr(backbones.timm, "create_model", offline)
    ways = r"test_resnet cannot be fetched.*ConnectionError.*\.safetensors.*none.*lite0"
    with pytest.raises(UserError, match=ways):
        build(first_weights="imagenet")


def saved(state: dict, path: pathlib.Path) -> str:
    save_file(state, path) if path.suffix == ".safetensors" else torch.save(state, path)
    return str(path)


@pytest.mark.parametrize("ending", ["safetensors", "pth"])
def test_a_weights_file_is_loaded(ending, tmp_path):
    torch.manual_seed(5)
    state = backbones.timm.create_model("test_resnet", num_classes=7).state_dict()
    path = saved(state, tmp_path / f"weights.{ending}")
    net = build(first_weights=path, channels=4)
    loaded = net.state_dict()
    assert not any(name.startswith("fc.") for name in loaded)
    for name, value in loaded.items():
        stored = state[name]
        assert torch.equal(value[:, :3] if name == "conv1.0.weight" else value, stored), name


@pytest.mark.parametrize(
    "other, fault",
    [
        ("test_efficientnet", r"\['bn1.weight'.* have another shape"),
        ("test_convnext", r"missing \['conv1.0.weight'.*not known \['head"),
    ],
)
def test_weights_of_another_architecture_are_refused(other, fault, tmp_path):
    path = saved(backbones.timm.create_model(other).state_dict(), tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match=f"weights don't fit: {fault}"):
        build(first_weights=path)


def test_a_missing_weights_file_and_one_with_code_are_refused(tmp_path):
    with pytest.raises(UserError, match="nowhere.pth"):
        build(first_weights="nowhere.pth")
    path = saved({"conv1.0.weight": pathlib.PurePosixPath("x")}, tmp_path / "weights.pth")
    with pytest.raises(Exception, match="[Ww]eights.only"):
        build(first_weights=path)


def test_an_architecture_unknown_to_timm_is_refused():
    with pytest.raises(ValueError, match="timm knows no 'resnet5000'"):
        build("resnet5000")
