"""The first weights of a backbone: a package's, the hub's, or those of a file."""

import pathlib

import pytest
import torch
from safetensors.torch import save_file

from pipeline.models import timm_networks, weights
from pipeline.system.errors import UserError
from tests.pipeline.models.test_backbones import build


def test_the_packaged_imagenet_weights_reach_the_backbone():
    net = build("tf_efficientnet_lite0", first_weights="imagenet")
    expected = weights.lite_state_dict("tf_efficientnet_lite0")
    state = net.state_dict()
    assert len(state) == len(expected) - 2  # without the classifier
    assert all(torch.equal(value, expected[name]) for name, value in state.items())


def test_weights_that_cannot_be_fetched_are_named_with_ways_out(monkeypatch):
    create = timm_networks.timm.create_model

    def offline(name, pretrained=False, **kwargs):
        if pretrained:
            raise ConnectionError("no route to host")
        return create(name, **kwargs)

    monkeypatch.setattr(timm_networks.timm, "create_model", offline)
    ways = r"test_resnet cannot be fetched.*ConnectionError.*\.safetensors.*none.*lite0"
    with pytest.raises(UserError, match=ways):
        build(first_weights="imagenet")


def saved(state: dict, path: pathlib.Path) -> str:
    save_file(state, path) if path.suffix == ".safetensors" else torch.save(state, path)
    return str(path)


@pytest.mark.parametrize("ending", ["safetensors", "pth"])
def test_a_weights_file_is_loaded(ending, tmp_path):
    torch.manual_seed(5)
    state = timm_networks.timm.create_model("test_resnet", num_classes=7).state_dict()
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
    path = saved(
        timm_networks.timm.create_model(other).state_dict(), tmp_path / "weights.safetensors"
    )
    with pytest.raises(ValueError, match=f"weights don't fit: {fault}"):
        build(first_weights=path)


def test_a_missing_weights_file_and_one_with_code_are_refused(tmp_path):
    with pytest.raises(UserError, match="nowhere.pth"):
        build(first_weights="nowhere.pth")
    path = saved({"conv1.0.weight": pathlib.PurePosixPath("x")}, tmp_path / "weights.pth")
    with pytest.raises(Exception, match="[Ww]eights.only"):
        build(first_weights=path)
