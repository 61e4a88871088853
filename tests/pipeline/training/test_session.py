"""A training session: its batches, the classes of its losses, its gradients."""

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from torch.amp import GradScaler

from pipeline.system import device
from pipeline.training.dataset import ViewDataset, build_loader
from pipeline.training.loop import gradient_step
from pipeline.training.session import TrainingSession, build_batch_sampler, start_session
from pipeline.training.step_log import StepLog
from tests.pipeline.models.tiny_network import net

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.mark.parametrize("workers", [0, 1])
def test_fabrics_loader_gives_every_epoch_other_batches(
    workers, training_set, settings_with, monkeypatch
):
    monkeypatch.setattr(device, "count_workers", lambda: workers)
    fabric = Fabric(accelerator="cpu", devices=1)
    batches = build_batch_sampler(training_set, settings_with(), 0)
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


@pytest.fixture
def half_precision(monkeypatch) -> GradScaler:
    """Sessions in fp16 with scaled gradients, as on a T4, here on the CPU."""
    scaler = GradScaler("cpu", init_scale=2.0**6, growth_interval=2)

    def build_fabric(_: torch.nn.Module) -> Fabric:
        precision = MixedPrecision("16-mixed", "cpu", scaler)
        return Fabric(accelerator="cpu", devices=1, plugins=precision)

    monkeypatch.setattr(device, "build_fabric", build_fabric)
    return scaler


def half_step(session: TrainingSession, log: StepLog) -> float:
    """One step; returns the norm of the gradient after clipping."""
    crops, labels = next(iter(session.loader))
    losses, _ = session.learner(crops, labels)
    gradient_step(losses, session.optimizer, session.backward, log)
    gradients = [p.grad.flatten() for p in session.learner.parameters() if p.grad is not None]
    return float(torch.cat(gradients).norm())


def test_half_precision_clips_the_unscaled_gradient(training_set, settings_with, half_precision):
    session = start_session(
        net(settings_with(clip=0.01)), training_set, settings_with(clip=0.01), 0
    )
    assert device.scales_gradients(session.fabric)
    session.learner.train()
    before = session.net.linear.weight.detach().clone()
    assert half_step(session, StepLog(0, scaled=True)) == pytest.approx(0.01, rel=1e-2)
    assert not torch.equal(before, session.net.linear.weight)
    assert half_precision.get_scale() == 2.0**6


def test_half_precision_skips_a_step_that_overflows(training_set, settings_with, half_precision):
    """The weights and the optimizer stay, the scale is halved; the next step is taken."""
    session = start_session(net(settings_with()), training_set, settings_with(), 0)
    session.learner.train()
    before = session.net.linear.weight.detach().clone()
    hook = session.net.linear.weight.register_hook(lambda gradient: gradient * float("inf"))
    log = StepLog(0, scaled=True)
    half_step(session, log)
    assert torch.equal(before, session.net.linear.weight) and not session.optimizer.optimizer.state
    assert half_precision.get_scale() == 2.0**5
    hook.remove()
    half_step(session, log)
    assert not torch.equal(before, session.net.linear.weight)
    assert log.finish()["loss"] > 0


def test_half_precision_has_the_loss_of_single_precision(
    training_set, settings_with, half_precision, monkeypatch
):
    losses = {}
    for precision in ("half", "single"):
        session = start_session(net(settings_with()), training_set, settings_with(), 0)
        crops, labels = next(iter(session.loader))
        losses[precision] = sum(session.learner(crops, labels)[0].values()).item()
        monkeypatch.undo()
    assert losses["half"] == pytest.approx(losses["single"], rel=0.01)
