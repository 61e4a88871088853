"""What a training starts with: its batches, whom its losses know, its gradients."""

import pytest
import torch
from lightning_fabric import Fabric

from pipeline.system import device
from pipeline.training.session import batch_sampler, data_loader, prepare
from tests.pipeline.models.tiny_network import net

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.mark.parametrize("workers", [0, 1])
def test_every_epoch_has_its_own_batches_through_fabrics_loader(
    workers, lesson, settings_with, monkeypatch
):
    monkeypatch.setattr(device, "workers", lambda: workers)
    fabric = Fabric(accelerator="cpu", devices=1)
    batches = batch_sampler(lesson, settings_with(), 0, fabric)
    plain = data_loader(lesson, settings_with(), batches)
    loader = fabric.setup_dataloaders(plain, use_distributed_sampler=False)
    assert loader.batch_sampler is batches and len(loader) == len(batches)
    seen = []
    for batches.epoch in (0, 1, 0):
        seen.append([labels.tolist() for _, labels in loader])
        assert seen[-1] == [[view.label for view in batch] for batch in batches]
    assert seen[0] == seen[2] != seen[1]


@pytest.mark.parametrize("flip", ["identity", "identity_masked"])
def test_flip_identity_doubles_the_classes(flip, lesson, settings_with):
    settings = settings_with(flip=flip)
    found = prepare(net(settings), lesson, settings, 0)
    assert found.learner.loss.arcface.weight.shape == (16, 12)
    assert found.learner.loss.focal.weight.shape == (12, 16)
    assert found.learner.loss.focal.identities.mirrors == (flip == "identity_masked")
    assert {key.label // 6 for batch in found.batches for key in batch if key.label >= 0} == {0, 1}
    found = prepare(net(settings), lesson, settings_with(flip="augment"), 0)
    assert found.learner.loss.focal.weight.shape == (6, 16)


@pytest.mark.parametrize("clip, expected", [(0.01, 0.01), (0.0, None)])
def test_gradients_are_clipped_and_0_is_for_not_at_all(clip, expected, lesson, settings_with):
    settings = settings_with(clip=clip)
    found = prepare(net(settings), lesson, settings, 0)
    crops, labels = next(iter(found.loader))
    norm = found.backward(sum(found.learner(crops, labels)[0].values()))
    left = torch.cat([p.grad.flatten() for p in found.learner.parameters()]).norm()
    assert norm > 0.01
    assert left.item() == pytest.approx(expected or norm.item(), rel=1e-3)
