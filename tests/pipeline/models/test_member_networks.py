"""Networks of members: frozen ones, and those whose first weights are an earlier member's."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from pipeline.models import member_networks, stored_weights
from pipeline.models.embedding_net import EmbeddingNet
from pipeline.models.published_neck import PublishedNeck
from pipeline.params import Backbone
from pipeline.system.errors import UserError

TINY = Backbone(timm_name="test_resnet", weights="none", overrides={})


def test_a_frozen_network_embeds_by_pooled_features(settings_with, tmp_path):
    torch.manual_seed(0)
    net = member_networks.build_frozen(TINY, settings_with(channels=4, pooling="average"))
    crops = torch.randint(256, (3, 4, 32, 64), dtype=torch.uint8)
    with torch.inference_mode():
        vectors, pooled = net.embed(crops), net.pool_maps(crops)
    assert not net.training and vectors.shape == (3, net.width)
    torch.testing.assert_close(vectors, F.normalize(pooled))
    assert all(name.startswith("backbone.") for name in net.state_dict())
    file = tmp_path / "model.safetensors"
    stored_weights.save_weights(stored_weights.to_arrays(net), file)
    frozen = settings_with(epochs=0, channels=4, pooling="average")
    again = member_networks.load_trained(TINY, frozen, file).eval()
    assert torch.equal(again.embed(crops), vectors)


def save_trained(settings, path: Path) -> EmbeddingNet:
    """Save a network with random weights as the stage `train` saves a member's."""
    torch.manual_seed(1)
    net = member_networks.build_for_member(TINY, settings)
    stored_weights.save_weights(stored_weights.to_arrays(net), path)
    return net


def test_a_training_goes_on_from_the_backbone_of_a_member(settings_with, tmp_path):
    """Of a network that is cut and has more input planes; the head is drawn anew."""
    settings = settings_with(channels=4, reduction=16, pooling_cells=[2, 1])
    earlier = save_trained(settings, tmp_path / "model.safetensors").state_dict()
    given = TINY.model_copy(update={"weights": str(tmp_path / "model.safetensors")})
    torch.manual_seed(2)
    again = member_networks.build_for_member(given, settings).state_dict()
    assert again.keys() == earlier.keys()
    changed = {name for name in again if not torch.equal(again[name], earlier[name])}
    assert "linear.weight" in changed
    assert not [name for name in changed if name.startswith("backbone.")]


@pytest.mark.parametrize("changes", [{"reduction": 32}, {"channels": 3}])
def test_a_member_of_other_settings_is_refused(changes, settings_with, tmp_path):
    save_trained(settings_with(channels=4, reduction=16), tmp_path / "model.safetensors")
    given = TINY.model_copy(update={"weights": str(tmp_path / "model.safetensors")})
    settings = settings_with(**{"channels": 4, "reduction": 16} | changes)
    with pytest.raises(UserError, match=r"don't fit.*member.*train.reduction and train.channels"):
        member_networks.build_for_member(given, settings)


def test_a_whole_network_of_others_with_a_linear_layer_is_no_members(settings_with, tmp_path):
    """Its names may be those of a member, but it is cut after it is loaded."""
    whole = member_networks.build_for_member(TINY, settings_with(reduction=32)).state_dict()
    torch.save(whole, tmp_path / "whole.pth")
    given = TINY.model_copy(update={"weights": str(tmp_path / "whole.pth")})
    cut = member_networks.build_for_member(given, settings_with(reduction=16)).backbone
    own = cut.state_dict()
    assert 0 < len(own) < sum(name.startswith("backbone.") for name in whole)
    assert all(torch.equal(value, whole[f"backbone.{name}"]) for name, value in own.items())


def test_a_member_brings_the_neck_that_it_was_trained_with(settings_with, tmp_path):
    settings = settings_with(reduction=16)
    torch.manual_seed(1)
    net = member_networks.build_for_member(TINY, settings)
    net.neck = PublishedNeck(net.width)
    net.neck.power.data.fill_(2.5)
    stored_weights.save_weights(stored_weights.to_arrays(net), tmp_path / "model.safetensors")
    given = TINY.model_copy(update={"weights": str(tmp_path / "model.safetensors")})
    again = member_networks.build_for_member(given, settings)
    assert again.neck.power.item() == 2.5
    assert torch.equal(again.neck.norm.running_var, net.neck.norm.running_var)
