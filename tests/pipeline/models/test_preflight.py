"""Networks that can't be trained are found before anything runs, without their values."""

import pytest
import timm
import torch
from safetensors.torch import save_file

from pipeline import params
from pipeline.models import member_networks, preflight, stored_weights
from pipeline.system.errors import UserError
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")


def with_backbone(**changes) -> params.Params:
    """The tests' settings with one backbone, changed."""
    values = {"timm_name": "test_resnet", "weights": "none", "overrides": {}} | changes
    return P.model_copy(update={"backbones": {"tiny": params.Backbone(**values)}})


def message(p: params.Params) -> str:
    with pytest.raises(UserError) as caught:
        preflight.check_networks(p)
    return str(caught.value)


def test_networks_that_fit_are_accepted():
    preflight.check_networks(P)


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "caformer_s18"])
def test_networks_without_maps_or_without_stages_fit_the_settings_of_the_demo(name):
    demo = params.load(ROOT / "presets/demo.yaml").train
    overrides = {"frozen_stages": 0, "pooling_cells": demo.pooling_cells, "pooling": demo.pooling}
    preflight.check_networks(with_backbone(timm_name=name, overrides=overrides))
    found = message(with_backbone(timm_name="caformer_s18", overrides={"frozen_stages": 1}))
    assert "timm does not divide MetaFormer into stages: train.frozen_stages has to be 0" in found


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"timm_name": "tf_efficientnet_light0"}, "timm has no network 'tf_efficientnet_light0'"),
        ({"timm_name": "local-dir:nowhere"}, "there is no nowhere/config.json"),
        ({"timm_name": "test_resnet", "weights": "nowhere.pth"}, "there is no file nowhere.pth"),
        ({"overrides": {"frozen_stages": 50}}, "train.frozen_stages is 50, the backbone has"),
        ({"timm_name": "inception_v4", "overrides": {"drop_path": 0.1}}, "train.drop_path is 0.1"),
    ],
)  # fmt: skip
@pytest.mark.fault("params", "a network that does not fit", "refused before anything runs")
def test_a_network_that_does_not_fit_is_named(changes, reason):
    found = message(with_backbone(**changes))
    assert "backbones.tiny" in found and reason in found


@pytest.mark.fault("params", "crops too small for a network", "refused before anything runs")
def test_crops_that_are_too_small_are_named():
    p = with_backbone(timm_name="densenet121")
    small = P.crop.model_copy(update={"height": 16, "width": 16})
    assert "does not fit crops of 16 x 16 pixels" in message(p.model_copy(update={"crop": small}))


@pytest.mark.fault("params", "a weights file that is damaged or another's", "refused at once")
def test_weights_that_do_not_fit_are_named(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    (tmp_path / "damaged.safetensors").write_bytes(b"nothing")
    (tmp_path / "damaged.pth").write_bytes(b"nothing")
    torch.save([1, 2], tmp_path / "list.pth")
    reasons = {
        "other.safetensors": "weights don't fit",
        "damaged.safetensors": "can't be read",
        "damaged.pth": "can't be read",
        "list.pth": "holds no state dict",
    }
    for name, reason in reasons.items():
        assert reason in message(with_backbone(weights=str(tmp_path / name))), name


def test_a_file_with_the_networks_weights_is_accepted(tmp_path):
    state = timm.create_model("test_resnet", num_classes=0).state_dict()
    save_file(state, tmp_path / "own.safetensors")
    preflight.check_networks(with_backbone(weights=str(tmp_path / "own.safetensors")))


def test_all_faults_are_listed_at_once():
    values = {"timm_name": "nonsense", "weights": "none", "overrides": {}}
    two = {name: params.Backbone(**values) for name in ("a", "b")}
    assert message(P.model_copy(update={"backbones": two})).count("timm has no network") == 2


def test_the_weights_of_a_member_are_tried_in_a_network_that_is_cut_like_its_own(tmp_path):
    cut = {"overrides": {"reduction": 16}}
    settings = with_backbone(**cut).member_train("tiny")
    net = member_networks.build_for_member(with_backbone(**cut).backbones["tiny"], settings)
    path = tmp_path / "model.safetensors"
    stored_weights.save_weights(stored_weights.to_arrays(net), path)
    preflight.check_networks(with_backbone(weights=str(path), **cut))
    whole = with_backbone(weights=str(path), overrides={"reduction": 32})
    assert "those of a member take its timm_name" in message(whole)
