"""Self-supervision on the tiny competition: it trains, repeatably, and reports a collapse."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pipeline.models import embedding_net, member_networks
from pipeline.params import Pretrain
from pipeline.steps.pretrain import learner, pretrain
from pipeline.steps.pretrain.batches import PhotographBatches
from pipeline.steps.pretrain.clusters import Clusters
from pipeline.steps.pretrain.simsiam import SimSiam
from pipeline.training.health_checks import TrainingFailed
from tests.pipeline.models.tiny_network import net

pytestmark = pytest.mark.usefixtures("in_process")
METHODS = ["simsiam", "rotation", "clusters"]


def section(method: str, **changes) -> Pretrain:
    values = dict(seed=0, epochs=2, batch=8, learning_rate=1e-3, dim=16, clusters=5)
    return Pretrain.model_validate({"method": method, **values, **changes})


def pretrained(tiny, settings, params: Pretrain):
    network = net(settings)
    count = len(tiny.order)
    history = pretrain.pretrain(
        network, tiny.crops, count, settings.channels, settings.augment, params
    )
    return network.backbone.state_dict(), history


def same(first: dict, second: dict) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("method", METHODS)
def test_the_backbone_is_trained_repeatably(method, tiny, settings_with):
    before = {
        name: value.clone() for name, value in net(settings_with()).backbone.state_dict().items()
    }
    state, history = pretrained(tiny, settings_with(), section(method))
    assert history["epoch"].tolist() == [0, 1] and np.isfinite(history["loss"]).all()
    assert not same(before, state)
    again, same_history = pretrained(tiny, settings_with(), section(method))
    assert same(state, again) and history.equals(same_history)
    assert not same(state, pretrained(tiny, settings_with(), section(method, seed=1))[0])


@pytest.mark.parametrize(
    ("leaf", "value", "methods"),
    [
        ("epochs", 1, METHODS),
        ("batch", 6, METHODS),
        ("learning_rate", 2e-3, METHODS),
        ("dim", 8, ["simsiam", "clusters"]),
        ("clusters", 3, ["clusters"]),
    ],
)
def test_every_value_changes_the_weights_of_the_methods_that_read_it(
    leaf, value, methods, tiny, settings_with
):
    for method in METHODS:
        first, second = (
            pretrained(tiny, settings_with(), section(method, **changes))[0]
            for changes in ({}, {leaf: value})
        )
        assert same(first, second) == (method not in methods), method


def test_rotation_can_be_learned(tiny, settings_with):
    """Stripes are vertical or horizontal: half of ln 4 is soon saved."""
    params = section("rotation", epochs=12, learning_rate=3e-3)
    _, history = pretrained(tiny, settings_with(), params)
    assert history["loss"].iloc[-1] < 0.75 * np.log(4)


def test_every_photograph_has_its_views_once_per_epoch():
    batches = PhotographBatches(11, 4, 2, seed=0)
    first_epoch = list(batches)
    assert [len(batch) for batch in first_epoch] == [8, 8, 6] and len(batches) == 3
    for batch in first_epoch:
        half = len(batch) // 2
        first, second = batch[:half], batch[half:]
        assert [view.row for view in first] == [view.row for view in second]
        assert all(a.seed != b.seed for a, b in zip(first, second, strict=True))
    assert sorted(view.row for batch in first_epoch for view in batch[: len(batch) // 2]) == list(
        range(11)
    )
    batches.epoch = 1
    assert list(batches) != first_epoch


def test_a_last_batch_of_one_is_left_out():
    batches = PhotographBatches(9, 4, 1, seed=0)
    assert [len(batch) for batch in batches] == [4, 4] and len(batches) == 2
    assert [len(batch) for batch in PhotographBatches(3, 64, 1, seed=0)] == [3]


def test_a_collapse_is_reported(tiny, settings_with, monkeypatch):
    """A backbone that gives nearly the same maps for every crop."""

    def pool_constant_maps(self, crops: torch.Tensor) -> torch.Tensor:
        width = self.linear.in_features
        return torch.ones(len(crops), width) + 1e-4 * torch.randn(len(crops), width)

    monkeypatch.setattr(embedding_net.EmbeddingNet, "pool_maps", pool_constant_maps)
    with pytest.raises(TrainingFailed, match="collapsed .* pretrain.learning_rate, or take"):
        pretrained(tiny, settings_with(), section("simsiam"))


def test_without_stopping_the_gradient_simsiam_collapses(tiny, settings_with, monkeypatch):
    """All photographs are pulled together, and nothing pushes them apart: within forty epochs they
    are one point (Chen and He 2021, section 4.1)."""

    class WithoutStop(SimSiam):
        def forward(self, first, second):
            return -torch.nn.functional.cosine_similarity(first, second.flip(0)).mean(), first

    monkeypatch.setattr(learner, "SimSiam", WithoutStop)
    params = section("simsiam", epochs=60, learning_rate=3e-2)
    with pytest.raises(TrainingFailed, match="collapsed"):
        pretrained(tiny, settings_with(), params)


def test_one_cluster_for_all_is_reported(tiny, settings_with, monkeypatch):
    monkeypatch.setattr(Clusters, "largest_fraction", lambda self: 0.95)
    with pytest.raises(TrainingFailed, match="95% of the photographs are in one cluster"):
        pretrained(tiny, settings_with(), section("clusters"))


def test_a_member_starts_from_pretrained_weights_if_there_are_any(tmp_path, settings_with):
    network, pretrained = net(settings_with()), net(settings_with())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    save_file({}, tmp_path / "none.safetensors")
    member_networks.load_backbone(network, tmp_path / "none.safetensors")
    assert same(before, network.state_dict())
    torch.nn.init.ones_(pretrained.backbone.conv1[0].weight)
    state = {name: value.contiguous() for name, value in pretrained.backbone.state_dict().items()}
    save_file(state, tmp_path / "some.safetensors")
    member_networks.load_backbone(network, tmp_path / "some.safetensors")
    assert (network.backbone.conv1[0].weight == 1).all()
    assert torch.equal(before["linear.weight"], network.linear.weight)
