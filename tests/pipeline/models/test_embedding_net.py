"""The embedding network, on timm's tiny test models."""

import pytest
import torch
from torch import nn

from pipeline.models import backbones, embedding_net, member_networks
from pipeline.models.embedding_net import Architecture


def build(name: str = "test_resnet", **changes) -> embedding_net.EmbeddingNet:
    torch.manual_seed(0)
    values = dict(channels=3, dim=8, pooling="gem", bnneck=True)
    return member_networks.build(name, "none", Architecture(**(values | changes)))


def crops(count: int = 4, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = (count, channels, 32, 64)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "test_convnext"])
@pytest.mark.parametrize("pooling", ["average", "gem"])
def test_embeddings_have_length_1(name, pooling):
    net = build(name, pooling=pooling).eval()
    with torch.inference_mode():
        vectors = net.embed(crops())
    assert vectors.shape == (4, 8) and vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4))
    assert (vectors[0] - vectors[1]).abs().max() > 1e-6


def test_inputs_are_scaled_by_the_backbones_own_statistics():
    net = build(channels=5)
    net.backbone.pretrained_cfg = {**net.backbone.pretrained_cfg, "mean": (0.1, 0.2, 0.3)}
    mean, std = embedding_net.input_statistics(net.backbone, 5)
    assert mean.flatten().tolist() == pytest.approx([0.1, 0.2, 0.3, 0.5, 0.5])
    assert std.shape == (1, 5, 1, 1) and std.flatten().tolist()[3:] == [0.5, 0.5]
    inputs = []
    net.backbone.forward_features = lambda x: inputs.append(x) or torch.ones(len(x), 96, 1, 2)
    net.eval()(torch.full((2, 5, 32, 64), 255, dtype=torch.uint8))
    expected = ((1 - net.mean) / net.std).expand(2, 5, 32, 64)
    torch.testing.assert_close(inputs[0], expected)


def test_a_bnneck_separates_features_from_embeddings():
    features, embeddings = build().train()(crops())
    torch.testing.assert_close(embeddings.mean(dim=0), torch.zeros(8), atol=1e-5, rtol=0)
    assert not torch.equal(features, embeddings)
    features, embeddings = build(bnneck=False).train()(crops())
    assert torch.equal(features, embeddings)


def test_stored_vectors_are_those_after_the_bnneck():
    net = build()
    net.bnneck.running_mean.copy_(torch.arange(8.0))
    features, embeddings = net.eval()(crops())
    torch.testing.assert_close(net.embed(crops()), nn.functional.normalize(embeddings))
    assert not torch.allclose(net.embed(crops()), nn.functional.normalize(features), atol=0.1)


# pooling


def test_gem_is_the_cube_root_of_the_mean_cube():
    torch.manual_seed(0)
    maps = torch.rand(2, 3, 4, 5) * 3
    maps[0, 0] = 0  # a dead plane
    maps[1, 2, 0, 0] = -7  # a negative activation counts as 0
    pooled = embedding_net.pool(maps, "gem")
    for image in range(2):
        for plane in range(3):
            values = [max(value, 1e-6) for value in maps[image, plane].flatten().tolist()]
            expected = (sum(value**3 for value in values) / len(values)) ** (1 / 3)
            assert pooled[image, plane].item() == pytest.approx(expected, rel=1e-4)


def test_average_pooling_by_hand():
    maps = torch.tensor([[[[1.0, 2], [3, 6]]]])
    assert embedding_net.pool(maps, "average").tolist() == [[3.0]]
    assert embedding_net.pool(maps, "gem").item() == pytest.approx(
        ((1 + 8 + 27 + 216) / 4) ** (1 / 3)
    )


@pytest.mark.parametrize("pooling", ["average", "gem"])
def test_cells_are_pooled_apart(pooling):
    maps = torch.rand(2, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    pooled = embedding_net.pool(maps, pooling, (2, 3))
    cells = [
        embedding_net.pool(maps[:, :, y : y + 2, x : x + 2], pooling)
        for y in (0, 2)
        for x in (0, 2, 4)
    ]
    torch.testing.assert_close(pooled, torch.stack(cells, dim=2).flatten(1))
    torch.testing.assert_close(
        embedding_net.average_cells(maps, (1, 1)), maps.mean(dim=(2, 3)), rtol=0, atol=0
    )


def test_a_network_with_cells_says_where_features_lie():
    net = build("test_resnet", cells=(1, 2)).eval()
    assert net.width == 2 * net.backbone.num_features
    batch = crops()
    mirrored = net.pool_maps(batch.flip(3))
    left, right = net.pool_maps(batch).unflatten(1, (-1, 2)).unbind(2)
    assert not torch.allclose(left, right)
    assert mirrored.shape == (len(batch), net.width)


def test_gem_of_a_dead_plane_has_a_finite_gradient():
    maps = torch.zeros(1, 2, 3, 3, requires_grad=True)
    embedding_net.pool(maps, "gem").sum().backward()
    assert torch.isfinite(maps.grad).all()


# more planes than RGB


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet"])
@pytest.mark.parametrize("channels", [4, 5])
def test_new_planes_change_nothing_at_first(name, channels):
    plain, wide = build(name).eval(), build(name, channels=channels).eval()
    wide.load_state_dict({**wide.state_dict(), **head_state(plain)})
    batch = crops(channels=channels)
    with torch.inference_mode():
        torch.testing.assert_close(wide.embed(batch), plain.embed(batch[:, :3]))


def head_state(net: embedding_net.EmbeddingNet) -> dict[str, torch.Tensor]:
    return {k: v for k, v in net.state_dict().items() if not k.startswith("backbone.")}


def test_new_planes_are_trained():
    net = build(channels=4)
    net(crops(channels=4))[0].square().sum().backward()
    first = net.backbone.get_submodule(net.backbone.pretrained_cfg["first_conv"])
    assert first.weight.shape[1] == first.in_channels == 4
    assert (first.weight[:, 3] == 0).all() and (first.weight.grad[:, 3] != 0).any()


@pytest.mark.parametrize("name", ["test_resnet", "tf_efficientnet_lite0"])
def test_new_planes_are_trained_in_frozen_stages(name):
    net = build(name, channels=4)
    net.freeze_stages(1)
    net.train()
    first = backbones.first_convolution(net.backbone)
    frozen = [n for n in backbones.first_stage_parameters(net.backbone, 1) if n != first]
    parameters = dict(net.backbone.named_parameters())
    assert parameters[first].requires_grad and frozen
    assert not any(parameters[n].requires_grad for n in frozen)
    net(crops(channels=4))[0].square().sum().backward()
    assert parameters[first].grad[:, 3].abs().max() > 0


# freezing


@pytest.mark.parametrize("stages", [1, 2])
def test_frozen_stages_stay_bit_equal_and_the_rest_changes(stages):
    net = build("test_resnet")
    net.freeze_stages(stages)
    net.train()
    frozen = backbones.first_stage_parameters(net.backbone, stages)
    before = {name: value.clone() for name, value in net.backbone.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        net(crops())[1].square().sum().add(net(crops())[0].sum()).backward()
        optimizer.step()
    after = net.backbone.state_dict()
    owners = {name.rpartition(".")[0] for name in frozen}
    unchanged = [name for name in after if name.rpartition(".")[0] in owners]
    assert set(frozen) < set(unchanged)  # running statistics as well
    assert any("running_var" in name for name in unchanged)
    for name in after:
        assert torch.equal(before[name], after[name]) == (name in unchanged), name


def test_freezing_survives_train_and_eval():
    net = build()
    net.freeze_stages(1)
    net.eval()
    net.train()
    assert net.backbone.layer1.training and not net.backbone.bn1.training


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "test_convnext", "test_vit"])
def test_frozen_stages_drop_no_paths(name):
    """In train mode three frozen stages give what they give in eval mode, the others do not."""
    pooling = "model" if name == "test_vit" else "gem"
    net = build(name, drop_path=0.5, pooling=pooling, bnneck=False)
    net.freeze_stages(3)
    names = set(backbones.first_stage_parameters(net.backbone, 3))
    rest = net.backbone.named_parameters()
    trained = next(key for key, _ in rest if key not in names).rpartition(".")[0]
    inputs = []
    net.backbone.get_submodule(trained).register_forward_pre_hook(
        lambda module, given: inputs.append(given[0])
    )
    outputs = [net.train(mode)(crops(16))[0] for mode in (False, True, True)]
    assert torch.equal(inputs[0], inputs[1]) and torch.equal(inputs[0], inputs[2])
    assert not torch.equal(outputs[1], outputs[2])
    drops = [m for m in net.backbone.modules() if type(m).__name__ == "DropPath"]
    assert 0 < sum(drop.training for drop in drops) < len(drops)


def test_nothing_is_frozen_at_0():
    net = build()
    net.freeze_stages(0)
    assert all(p.requires_grad for p in net.parameters()) and net.training


def test_more_stages_than_there_are():
    with pytest.raises(ValueError, match="frozen_stages is 99, the backbone has"):
        build().freeze_stages(99)


# inference


def test_inference_is_deterministic_and_independent_of_the_batch():
    """No dropout and no batch statistics once the network is in eval mode."""
    net = build("test_convnext", drop_path=0.5)
    with torch.no_grad():
        assert not torch.equal(net.train().embed(crops()), net.embed(crops()))
        batch = net.eval().embed(crops())
        assert torch.equal(net.embed(crops()), batch)
        single = torch.cat([net.embed(crop[None]) for crop in crops()])
    torch.testing.assert_close(single, batch, atol=1e-5, rtol=0)


def test_a_trained_net_comes_back_from_its_state():
    net = build(channels=4)
    net.train()(crops(channels=4))  # moves the running statistics
    other = build(channels=4)
    other.load_state_dict(net.state_dict())
    batch = crops(channels=4)
    assert torch.equal(net.eval().embed(batch), other.eval().embed(batch))


# other networks


def test_a_cut_network_has_no_way_of_its_own_to_pool():
    with pytest.raises(ValueError, match="train.pooling gem or average"):
        build("test_efficientnet", reduction=16, pooling="model").eval().embed(crops())


def test_gradients_reach_every_parameter():
    net = build()
    net(crops())[1].pow(3).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert isinstance(net.bnneck, nn.BatchNorm1d)


def test_luminance_replaces_every_colour():
    """Pure red, green and blue of 100: 29.9, 58.7 and 11.4; further planes stay."""
    crops = torch.tensor([[100.0, 0, 0, 7], [0, 100, 0, 8], [0, 0, 100, 9]]).view(3, 4, 1, 1)
    grey = embedding_net.to_luminance(crops)[:, :, 0, 0]
    expected = torch.tensor([[29.9] * 3 + [7], [58.7] * 3 + [8], [11.4] * 3 + [9]])
    torch.testing.assert_close(grey, expected)


def test_a_grey_network_sees_no_colours():
    torch.manual_seed(0)
    net = build(channels=4, bnneck=False, grey=True).eval()
    grey = torch.randint(256, (2, 1, 32, 32), dtype=torch.uint8)
    mask = torch.randint(256, (2, 1, 32, 32), dtype=torch.uint8)
    crops = torch.cat([grey, grey, grey, mask], dim=1)
    # as bright: .299 red for .587 green
    coloured = crops.float()
    coloured[:, 0] += 58.7 / 100
    coloured[:, 1] -= 29.9 / 100
    torch.testing.assert_close(net(coloured)[0], net(crops)[0], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(net(coloured + 20)[0], net(crops)[0])
