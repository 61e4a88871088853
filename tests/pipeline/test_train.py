"""Two epochs on a tiny network: it learns, says what it did, and does it again."""

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric
from tqdm import tqdm

from pipeline import device, gallery, model, train
from pipeline.alarms import TrainingFailed
from pipeline.dataset import Views
from pipeline.losses.embedding_loss import EmbeddingLoss
from pipeline.samplers import IdentityBatches


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No worker processes; float32, whatever the machine."""
    monkeypatch.setattr(device, "workers", lambda: 0)
    monkeypatch.setattr(device, "half_precision_pays", lambda net: False)


@pytest.fixture
def lesson(tiny) -> train.Lesson:
    return train.Lesson(tiny.crops, np.arange(22), tiny.labels)


def net(settings, name: str = "test_resnet") -> model.EmbeddingNet:
    torch.manual_seed(0)
    return model.build(
        name,
        first_weights="none",
        channels=settings.channels,
        dim=settings.embedding,
        pooling=settings.pooling,
        bnneck=settings.bnneck,
        drop_path=settings.drop_path,
    )


def trained(lesson, settings, seed: int = 0) -> tuple[dict[str, torch.Tensor], pd.DataFrame]:
    network = net(settings).eval()  # whatever mode it comes in
    torch.seed()  # and whatever was drawn before
    history = train.train(network, lesson, settings, seed)
    return network.state_dict(), history


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def test_two_epochs_lower_the_loss_and_are_written_down(lesson, settings_with):
    _, history = trained(lesson, settings_with())
    assert list(history.columns) == ["epoch", "rate", "loss", "arcface", "triplet", "focal"]
    assert history["epoch"].tolist() == [0, 1]
    assert history["loss"][1] < 0.9 * history["loss"][0]
    terms = history[["arcface", "triplet", "focal"]].sum(axis=1)
    np.testing.assert_allclose(history["loss"], terms, rtol=1e-5)


def test_the_loop_is_the_plain_loop(lesson, settings_with):
    """Two epochs without Fabric, loader or schedule module: view by view, step by step."""
    settings = settings_with(clip=0.5, learning_rate=1e-3, weight_decay=0.1)
    expected = net(settings)
    torch.manual_seed(0)
    loss = EmbeddingLoss(settings.loss, 16, lesson.identities("none"))
    named = [*expected.named_parameters(), *loss.named_parameters()]
    shares = [settings.backbone_rate if name.startswith("backbone.") else 1 for name, _ in named]
    groups = [{"params": [p], "weight_decay": 0.1 if p.ndim > 1 else 0.0} for _, p in named]
    optimizer = torch.optim.AdamW(groups)
    views = Views(lesson.crops, 3, settings.augment)
    sampler = settings.sampler.model_dump()
    batches = IdentityBatches(lesson.rows, lesson.labels, **sampler, flip="none", seed=0)
    keys = []
    for batches.epoch in (0, 1):
        keys += list(batches)
    for step, batch in enumerate(keys):
        for group, share in zip(optimizer.param_groups, shares, strict=True):
            group["lr"] = share * 1e-3 * 0.5 * (1 + np.cos(np.pi * step / len(keys)))
        crops = torch.stack([views[key][0] for key in batch])
        labels = torch.tensor([key.label for key in batch])
        optimizer.zero_grad()
        sum(loss(*expected(crops), labels).values()).backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in named], 0.5)
        optimizer.step()
    found, _ = trained(lesson, settings)
    for name, value in expected.state_dict().items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-5)


def test_a_gradient_that_is_not_finite_is_told_before_it_spoils_the_weights(lesson, settings_with):
    network = net(settings_with())
    network.linear.bias.register_hook(lambda gradient: gradient * float("nan"))
    with pytest.raises(TrainingFailed, match="epoch 0: the gradient's norm is nan"):
        train.train(network, lesson, settings_with(), 0)
    assert all(torch.isfinite(p).all() for p in network.parameters())


def test_the_rate_follows_the_schedule_without_a_progress_bar(lesson, settings_with, monkeypatch):
    """4 batches an epoch: the last step of the first is at 3/8, that of the second at 7/8."""
    monkeypatch.setattr(train, "tqdm", lambda **settings: tqdm(**settings | {"disable": True}))
    _, history = trained(lesson, settings_with(learning_rate=1e-3))
    expected = [0.5e-3 * (1 + np.cos(np.pi * done)) for done in (3 / 8, 7 / 8)]
    np.testing.assert_allclose(history["rate"], expected, rtol=1e-6)


AUGMENTED = {"flip": "augment", "augment": {"rotate": 20, "noise": 0.5, "erase": 0.5}}


def test_the_same_seed_gives_the_same_weights(lesson, settings_with):
    settings = settings_with(drop_path=0.2, **AUGMENTED)
    first, first_history = trained(lesson, settings)
    second, second_history = trained(lesson, settings)
    assert same(first, second) and first_history.equals(second_history)
    assert not same(first, trained(lesson, settings, seed=1)[0])


def test_workers_change_nothing(lesson, settings_with, monkeypatch):
    settings = settings_with(drop_path=0.2, **AUGMENTED)
    without, _ = trained(lesson, settings)
    monkeypatch.setattr(device, "workers", lambda: 1)
    assert same(without, trained(lesson, settings)[0])


@pytest.mark.parametrize("workers", [0, 1])
def test_every_epoch_has_its_own_batches_through_fabrics_loader(
    workers, lesson, settings_with, monkeypatch
):
    monkeypatch.setattr(device, "workers", lambda: workers)
    fabric = Fabric(accelerator="cpu", devices=1)
    batches = train.batch_sampler(lesson, settings_with(), 0, fabric)
    plain = train.data_loader(lesson, settings_with(), batches)
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
    run = train.prepare(net(settings), lesson, settings, 0)
    assert run.learner.loss.arcface.weight.shape == (16, 12)
    assert run.learner.loss.focal.weight.shape == (12, 16)
    assert run.learner.loss.focal.identities.mirrors == (flip == "identity_masked")
    assert {key.label // 6 for batch in run.batches for key in batch if key.label >= 0} == {0, 1}
    run = train.prepare(net(settings), lesson, settings_with(flip="augment"), 0)
    assert run.learner.loss.focal.weight.shape == (6, 16)


def test_the_identities_know_how_many_photographs_each_has(lesson):
    """Six with three each; new_whale is none of them."""
    assert lesson.identities("none").photographs.tolist() == [3.0] * 6
    twice = lesson.identities("identity_masked")
    assert twice.photographs.tolist() == [3.0] * 12
    assert twice.mirrored(torch.tensor([0, 5, 6])).tolist() == [6, 11, 0]


def test_frozen_stages_stay_as_they_are(lesson, settings_with):
    settings = settings_with(frozen_stages=1, epochs=1)
    before = {k: v.clone() for k, v in net(settings).state_dict().items()}
    after, _ = trained(lesson, settings)
    stem = [name for name in before if name.startswith(("backbone.conv1.", "backbone.bn1."))]
    assert stem and all(torch.equal(before[name], after[name]) for name in stem)
    assert not torch.equal(before["linear.weight"], after["linear.weight"])


@pytest.mark.parametrize("clip, expected", [(0.01, 0.01), (0.0, None)])
def test_gradients_are_clipped_and_0_is_for_not_at_all(clip, expected, lesson, settings_with):
    settings = settings_with(clip=clip)
    run = train.prepare(net(settings), lesson, settings, 0)
    crops, labels = next(iter(run.loader))
    run.fabric.backward(sum(run.learner(crops, labels)[0].values()))
    norm = train.clip(run)
    left = torch.cat([p.grad.flatten() for p in run.learner.parameters()]).norm()
    assert norm > 0.01
    assert left.item() == pytest.approx(expected or norm.item(), rel=1e-3)


def test_a_rate_that_blows_up_is_told(lesson, settings_with):
    with pytest.raises(TrainingFailed, match="epoch 0: the (loss|gradient).*learning_rate"):
        trained(lesson, settings_with(learning_rate=1e30, clip=0.0, bnneck=False))


def test_a_network_that_answers_alike_to_everything_is_told(lesson, settings_with):
    """Even with a BNNeck, which stretches what little difference there is."""
    settings = settings_with(learning_rate=1e-9, epochs=1)
    network = net(settings)
    network.linear.weight.data *= 1e-4
    network.linear.bias.data.fill_(1)
    with pytest.raises(TrainingFailed, match="collapsed"):
        train.train(network, lesson, settings, 0)


def test_a_network_that_cannot_learn_is_told(lesson, settings_with):
    everything = {"identities": 6, "views": 3, "new_whale_share": 0}  # the same batch every epoch
    settings = settings_with(learning_rate=1e-12, epochs=4, sampler=everything)
    with pytest.raises(TrainingFailed, match="stays flat"):
        trained(lesson, settings)


def test_a_lesson_finds_each_images_crop_and_label(tiny):
    shuffled = tiny.order.sample(frac=1, random_state=0).reset_index(drop=True)
    training = gallery.training_rows(tiny.folds, held_out=2)
    found = train.lesson(tiny.crops, shuffled, training)
    assert len(found.identities("none")) == 6
    assert shuffled[found.rows].tolist() == training["image"].tolist()
    names = ["w0", "w1", "w2", "w3", "w4", "w5", "new_whale"]  # -1 is the last
    assert [names[label] for label in found.labels] == training["identity"].tolist()
    held_out = set(tiny.folds.loc[tiny.folds["fold"] == 2, "image"])
    assert not held_out & set(shuffled[found.rows])


def test_an_image_without_a_crop_is_named(tiny):
    """Row -1 would be the last crop, and nobody would notice."""
    training = gallery.training_rows(tiny.folds, held_out=2)
    with pytest.raises(ValueError, match=r"no crop for \['w0_0.jpg'\]"):
        train.lesson(tiny.crops, tiny.order.drop(0), training)


def test_one_identity_is_not_enough(tiny):
    alone = tiny.folds[tiny.folds["identity"].isin(["w0", "new_whale"])]
    with pytest.raises(ValueError, match="1 known identities"):
        train.lesson(tiny.crops, tiny.order, alone)
