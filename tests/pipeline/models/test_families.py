"""Every kind of network that timm has: it embeds, takes a training step, and works frozen."""

import json

import pytest
import timm
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from pipeline.models import (
    backbones,
    hub,
    initial_weights,
    member_networks,
    preflight,
    stored_weights,
    timm_networks,
)
from pipeline.models.embedding_net import Architecture, EmbeddingNet
from pipeline.params import Backbone
from pipeline.steps.report import grad_cam
from pipeline.system.errors import UserError

SMALL_SWIN = dict(embed_dim=16, depths=(1, 1, 1, 1), num_heads=(1, 1, 2, 2))
# what makes timm's transformers small enough for a test; its own test_* networks need nothing
SMALL = {
    "swin_tiny_patch4_window7_224": SMALL_SWIN,
    "swinv2_tiny_window8_256": SMALL_SWIN,
    "vit_tiny_patch16_224": dict(depth=1, embed_dim=48),
    "vit_small_patch14_dinov2": dict(depth=1, embed_dim=48, num_heads=2),
    "vit_small_patch16_dinov3": dict(depth=1, embed_dim=48, num_heads=2),
    "eva02_tiny_patch14_224": dict(depth=1, embed_dim=48, num_heads=2),
    "beit_base_patch16_224": dict(depth=1, embed_dim=24, num_heads=2),
}
FAMILIES = [*SMALL, "test_vit4", "test_vit_relpos", "test_convnext", "test_maxvit", "test_mambaout"]


@pytest.fixture(autouse=True)
def one_thread():
    """More of them only wait for each other in networks this small."""
    count = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(count)


@pytest.fixture
def small(monkeypatch):
    """timm's networks with fewer and narrower layers, and random weights."""
    create = timm.create_model

    def create_small(name: str, **options):
        return create(name, **SMALL.get(name, {}), **options)

    monkeypatch.setattr(timm_networks.timm, "create_model", create_small)


def build(name: str, **changes) -> EmbeddingNet:
    torch.manual_seed(0)
    values = dict(channels=3, dim=8, pooling="gem", bnneck=True, reduction=16)
    return member_networks.build(name, "none", Architecture(**(values | changes)))


def crops(channels: int = 3, height: int = 36, width: int = 64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = (2, channels, height, width)
    return torch.randint(256, shape, dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("name", FAMILIES)
def test_maps_are_pooled_in_cells_and_tokens_as_one(name, small):
    """2 x 3 cells of a convolutional network's maps; a transformer has none."""
    whole, parts = build(name, dim=None), build(name, dim=None, channels=4, cells=(2, 3))
    assert parts(crops(4))[0].shape == (2, parts.width)
    assert parts.width == whole.width * (6 if name in ("test_convnext", "test_maxvit") else 1)
    assert parts.training and parts.backbone.training


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_embeds_trains_and_works_frozen(name, small):
    """With a mask plane that changes nothing at first, on crops that no patch size divides."""
    net = build(name, channels=4)
    plain, wide = build(name, dim=None).eval(), build(name, dim=None, channels=4).eval()
    net.train()
    net.freeze_stages(1)
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    net(crops(4))[0].square().sum().backward()
    optimizer.step()
    after = net.state_dict()
    changed = [key for key in after if not torch.equal(after[key], before[key])]
    assert "linear.weight" in changed and any(key.startswith("backbone.") for key in changed)
    frozen = backbones.first_stage_parameters(net.backbone, 1)
    first = backbones.first_convolution(net.backbone)
    assert not {f"backbone.{key}" for key in frozen if key != first} & set(changed)
    with torch.inference_mode():
        vectors = plain.embed(crops())
        torch.testing.assert_close(wide.embed(crops(4)), plain.embed(crops(4)[:, :3]))
    assert vectors.shape == (2, plain.width) and not torch.allclose(vectors[0], vectors[1])
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
    heat = grad_cam.compute_heatmaps(plain, crops(), crops().flip(0))
    assert heat.shape == (2, 36, 64) and heat.min() >= 0 and heat.max() <= 1


@pytest.mark.parametrize("name", ["swin_tiny_patch4_window7_224", "vit_tiny_patch16_224"])
def test_tokens_are_pooled_as_timm_pools_them(name, small):
    """On crops of the size that the network was made for, its features are timm's own."""
    net = build(name, dim=None).eval()
    plain = timm_networks.timm.create_model(name, num_classes=0).eval()
    plain.load_state_dict(net.backbone.state_dict())
    batch = crops(height=224, width=224)
    with torch.inference_mode():
        expected = F.normalize(plain((batch / 255 - net.mean) / net.std))
        torch.testing.assert_close(net.embed(batch), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "size"), [("test_maxvit", (160, 160)), ("test_vit4", None)])
def test_crops_of_another_size_are_resized_only_where_they_must_be(name, size):
    net = build(name).eval()
    seen = []
    forward = net.backbone.forward_features
    net.backbone.forward_features = lambda x: seen.append(tuple(x.shape[2:])) or forward(x)
    net.embed(crops())
    assert net.size == size and seen == [size or (36, 64)]


def test_position_embeddings_of_another_size_are_interpolated(tmp_path):
    state = timm.create_model("test_vit", num_classes=3, img_size=96).state_dict()
    save_file(state, tmp_path / "vit.safetensors")
    net = backbones.build(
        "test_vit",
        first_weights=str(tmp_path / "vit.safetensors"),
        channels=3,
        reduction=16,
        drop_path=0.0,
    )
    assert net.pos_embed.shape == (1, 101, 64) and state["pos_embed"].shape == (1, 37, 64)
    torch.testing.assert_close(net.pos_embed[:, :1], state["pos_embed"][:, :1])


def test_a_swin_without_a_head_loads_as_it_was_stored(tmp_path, small, settings_with):
    """MegaDescriptor's layout: no conversion may change what fits."""
    name = "swin_tiny_patch4_window7_224"
    state = timm_networks.timm.create_model(name, num_classes=0).state_dict()
    file = tmp_path / "MegaDescriptor.pth"
    torch.save({"state_dict": state}, file)
    one = Backbone(timm_name=name, weights=str(file), overrides={})
    net = member_networks.build_frozen(one, settings_with())
    for key, value in net.backbone.state_dict().items():
        assert torch.equal(value, state[key]), key
    assert net.mean.unique().tolist() == net.std.unique().tolist() == [0.5]


def test_the_licence_of_megadescriptor_is_told(caplog):
    initial_weights.warn_of_licence("swin_tiny_patch4_window7_224", "files/resnet.pth")
    assert not caplog.text
    initial_weights.warn_of_licence("hf-hub:BVRA/MegaDescriptor-T-224", "pretrained")
    assert "CC BY-NC 4.0" in caplog.text


@pytest.fixture
def miewid(tmp_path) -> tuple[str, dict[str, torch.Tensor]]:
    """A file in MiewID's layout, with a head that only its training needs."""
    torch.manual_seed(3)
    backbone = timm.create_model("test_efficientnet", num_classes=0).state_dict()
    width = timm.create_model("test_efficientnet").num_features
    norm = torch.nn.BatchNorm1d(width)
    torch.nn.init.uniform_(norm.running_mean)
    torch.nn.init.uniform_(norm.weight, 0.5, 2)
    state = {f"backbone.{key}": value for key, value in backbone.items()}
    state |= {f"bn.{key}": value for key, value in norm.state_dict().items()}
    state |= {"pooling.p": torch.tensor([2.5]), "final.weight": torch.zeros(4, width)}
    file = tmp_path / "miewid.safetensors"
    save_file(state, file)
    return str(file), state


def test_weights_with_their_own_pooling_refuse_cells(miewid, settings_with):
    settings = settings_with(epochs=0, reduction=32, pooling_cells=[2, 1])
    one = Backbone(timm_name="test_efficientnet", weights=miewid[0], overrides={})
    with pytest.raises(UserError, match=r"pooling of its own: set train.pooling_cells \[1, 1\]"):
        member_networks.build_for_member(one, settings)


def test_miewids_layout_loads_with_its_own_pooling(miewid, settings_with, tmp_path):
    path, state = miewid
    settings = settings_with(epochs=0, reduction=32)
    one = Backbone(timm_name="test_efficientnet", weights=path, overrides={})
    net = member_networks.build_for_member(one, settings).eval()
    plain = timm.create_model("test_efficientnet", num_classes=0).eval()
    plain.load_state_dict(
        {k.removeprefix("backbone."): v for k, v in state.items() if k.startswith("backbone.")}
    )
    with torch.inference_mode():
        maps = plain.forward_features((crops() / 255 - net.mean) / net.std)
        pooled = maps.clamp(min=1e-6).pow(2.5).mean(dim=(2, 3)).pow(1 / 2.5)
        scale = state["bn.weight"] / (state["bn.running_var"] + 1e-5).sqrt()
        expected = F.normalize((pooled - state["bn.running_mean"]) * scale + state["bn.bias"])
        torch.testing.assert_close(net.embed(crops()), expected, rtol=1e-4, atol=1e-5)
    stored_weights.save_weights(stored_weights.to_arrays(net), tmp_path / "model.safetensors")
    again = member_networks.load_trained(one, settings, tmp_path / "model.safetensors").eval()
    assert torch.equal(again.embed(crops()), net.embed(crops()))


@pytest.mark.fault("params", "weights of a whole network, but the backbone is cut", "refused, why")
def test_weights_with_a_normalisation_need_the_whole_backbone(miewid, settings_with):
    one = Backbone(timm_name="test_efficientnet", weights=miewid[0], overrides={})
    with pytest.raises(UserError, match=r"train.reduction to 32"):
        member_networks.build_for_member(one, settings_with(epochs=0, reduction=16))


def test_a_local_folder_with_timms_configuration_loads(settings_with, tmp_path):
    state = timm.create_model("test_vit", num_classes=0).state_dict()
    config = {"architecture": "test_vit", "num_classes": 0}
    config["pretrained_cfg"] = {"input_size": [3, 160, 160], "fixed_input_size": True}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file(state, tmp_path / "model.safetensors")
    one = Backbone(timm_name=f"local-dir:{tmp_path}", weights="pretrained", overrides={})
    preflight.check_weights(one, settings_with())
    timm_networks.check_name(one.timm_name)
    net = member_networks.build(one.timm_name, one.weights, Architecture(3, None, "gem", False))
    for key, value in net.backbone.state_dict().items():
        assert torch.equal(value, state[key]), key
    assert net.embed(crops()).shape == (2, 64)


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("hf-hub:BVRA/MegaDescriptor-T-224", ["huggingface.co/BVRA/MegaDescriptor", "local-dir:"]),
        ("vit_small_patch14_dinov2.lvd142m", ["timm/vit_small_patch14_dinov2.lvd142m", ".weights"]),
    ],
)
@pytest.mark.fault("params", "the hub is out of reach", "before a run: which file to bring, where")
def test_without_the_hub_the_message_says_what_to_bring(
    name, ways, settings_with, monkeypatch, tmp_path
):
    import huggingface_hub

    published = Backbone(timm_name=name, weights="pretrained", overrides={})

    def offline(*_, **__):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", offline)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError) as caught:
        preflight.check_weights(published, settings_with())
    message = str(caught.value)
    assert all(way in message for way in [*ways, "no route to host"]) and "\n" not in message
    snapshot = tmp_path / hub.cache_name("timm/vit_small_patch14_dinov2.lvd142m") / "snapshots/1"
    snapshot.mkdir(parents=True)
    if not hub.has_source(name):
        preflight.check_weights(published, settings_with())
