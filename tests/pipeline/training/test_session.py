"""A training session: its batches, the classes of its losses, its gradients."""

import pytest
import torch
from lightning_fabric import Fabric

from pipeline.system import device
from pipeline.training.dataset import ViewDataset, build_loader
from pipeline.training.session import build_batch_sampler, start_session
from tests.pipeline.models.tiny_network import net

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.mark.parametrize("workers", [0, 1])
def test_fabrics_loader_gives_every_epoch_other_batches(
    workers, training_set, settings_with, monkeypatch
):
    monkeypatch.setattr(device, "count_workers", lambda: workers)
    fabric = Fabric(accelerator="cpu", devices=1)
    batches = build_batch_sampler(training_set, settings_with(), 0, fabric)
    loader = build_loader(ViewDataset(training_set.crops, 3, None), batches, fabric)
    assert loader.batch_sampler is batches and len(loader) == len(batches)
    epochs = []
    for batches.epoch in (0, 1, 0):
        epochs.append([labels.tolist() for _, labels in loader])
        assert epochs[-1] == [[view.label for view in batch] for batch in batches]
    assert epochs[0] == epochs[2] != epochs[1]


@pytest.mark.parametrize("flip", ["identity", "identity_masked"])
def test_flip_identity_doubles_the_classes(flip, training_set, settings_with):
    settings = settings_with(flip=flip)
    session = start_session(net(settings), training_set, settings, 0)
    assert session.learner.loss.arcface.weight.shape == (16, 12)
    assert session.learner.loss.focal.weight.shape == (12, 16)
    assert session.learner.loss.focal.identities.mirrors == (flip == "identity_masked")
    assert {key.label // 6 for batch in session.batches for key in batch if key.label >= 0} == {
        0,
        1,
    }
    session = start_session(net(settings), training_set, settings_with(flip="augment"), 0)
    assert session.learner.loss.focal.weight.shape == (6, 16)


@pytest.mark.parametrize("clip, expected", [(0.01, 0.01), (0.0, None)])
def test_gradients_are_clipped_unless_clip_is_0(clip, expected, training_set, settings_with):
    settings = settings_with(clip=clip)
    session = start_session(net(settings), training_set, settings, 0)
    crops, labels = next(iter(session.loader))
    norm = session.backward(sum(session.learner(crops, labels)[0].values()))
    clipped = torch.cat([p.grad.flatten() for p in session.learner.parameters()]).norm()
    assert norm > 0.01
    assert clipped.item() == pytest.approx(expected or norm.item(), rel=1e-3)
