"""Two epochs on a tiny network: it is trained, repeatably, and its history is right."""

import numpy as np
import pandas as pd
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tqdm import tqdm

from pipeline.losses.embedding_loss import EmbeddingLoss
from pipeline.models import embedding_net
from pipeline.steps.train import train
from pipeline.system import device
from pipeline.training import inner_validation, schedule
from pipeline.training.dataset import ViewDataset
from pipeline.training.health_checks import TrainingFailed
from pipeline.training.inner_validation import InnerValidation
from pipeline.training.samplers import IdentityBatches
from pipeline.training.training_set import TrainingSet
from tests.pipeline.models.tiny_network import net

pytestmark = pytest.mark.usefixtures("in_process")


def trained(training_set, settings, seed: int = 0) -> tuple[dict[str, torch.Tensor], pd.DataFrame]:
    network = net(settings).eval()  # neither its mode
    torch.seed()  # nor the random state has an effect
    history, _ = train.train(network, training_set, settings, seed)
    return network.state_dict(), history


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def test_two_epochs_lower_the_loss_and_have_a_row_each(training_set, settings_with):
    _, history = trained(training_set, settings_with())
    assert list(history.columns) == ["epoch", "rate", "loss", "arcface", "triplet", "focal"]
    assert history["epoch"].tolist() == [0, 1]
    assert history["loss"][1] < 0.9 * history["loss"][0]
    terms = history[["arcface", "triplet", "focal"]].sum(axis=1)
    np.testing.assert_allclose(history["loss"], terms, rtol=1e-5)


def test_each_epoch_can_be_seen_by_tensorboard(training_set, settings_with, tmp_path):
    settings = settings_with()
    history, _ = train.train(net(settings), training_set, settings, 0, tmp_path)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert sorted(events.Tags()["scalars"]) == sorted(history.columns.drop("epoch"))
    losses = [event.value for event in events.Scalars("loss")]
    assert losses == pytest.approx(history["loss"].tolist())


def test_the_loop_is_the_plain_loop(training_set, settings_with):
    """Two epochs without Fabric, loader or schedule module: view by view, step by step."""
    settings = settings_with(clip=0.5, learning_rate=1e-3, weight_decay=0.1)
    expected = net(settings)
    torch.manual_seed(0)
    loss = EmbeddingLoss(settings.loss, 16, training_set.identities("none"))
    named = [*expected.named_parameters(), *loss.named_parameters()]
    scales = [
        settings.backbone_lr_scale if name.startswith("backbone.") else 1 for name, _ in named
    ]
    groups = [{"params": [p], "weight_decay": 0.1 if p.ndim > 1 else 0.0} for _, p in named]
    optimizer = torch.optim.AdamW(groups)
    views = ViewDataset(training_set.crops, 3, settings.augment)
    rows, labels = training_set.rows, training_set.labels
    batches = IdentityBatches(rows, labels, settings.sampler, flip="none", seed=0)
    keys = []
    for batches.epoch in (0, 1):
        keys += list(batches)
    for step, batch in enumerate(keys):
        for group, scale in zip(optimizer.param_groups, scales, strict=True):
            group["lr"] = scale * 1e-3 * 0.5 * (1 + np.cos(np.pi * step / len(keys)))
        crops = torch.stack([views[key][0] for key in batch])
        labels = torch.tensor([key.label for key in batch])
        optimizer.zero_grad()
        sum(loss(*expected(crops), labels).values()).backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in named], 0.5)
        optimizer.step()
    state, _ = trained(training_set, settings)
    for name, value in expected.state_dict().items():
        torch.testing.assert_close(state[name], value, rtol=1e-4, atol=1e-5)


def test_a_gradient_that_is_not_finite_stops_before_the_weights_change(training_set, settings_with):
    network = net(settings_with())
    network.linear.bias.register_hook(lambda gradient: gradient * float("nan"))
    with pytest.raises(TrainingFailed, match="epoch 0, batch [0-9]+: the gradient's norm is nan"):
        train.train(network, training_set, settings_with(), 0)
    assert all(torch.isfinite(p).all() for p in network.parameters())


def test_the_rate_follows_the_schedule_without_a_progress_bar(
    training_set, settings_with, monkeypatch
):
    """4 batches an epoch: the last step of the first is at 3/8, that of the second at 7/8."""
    monkeypatch.setattr(train, "tqdm", lambda **settings: tqdm(**settings | {"disable": True}))
    _, history = trained(training_set, settings_with(learning_rate=1e-3))
    expected = [0.5e-3 * (1 + np.cos(np.pi * done)) for done in (3 / 8, 7 / 8)]
    np.testing.assert_allclose(history["rate"], expected, rtol=1e-6)


AUGMENTED = {"flip": "augment", "augment": {"rotate": 20, "noise": 0.5, "erase": 0.5}}


def test_the_same_seed_gives_the_same_weights(training_set, settings_with):
    settings = settings_with(drop_path=0.2, **AUGMENTED)
    first, first_history = trained(training_set, settings)
    second, second_history = trained(training_set, settings)
    assert same(first, second) and first_history.equals(second_history)
    assert not same(first, trained(training_set, settings, seed=1)[0])


def test_workers_change_nothing(training_set, settings_with, monkeypatch):
    settings = settings_with(drop_path=0.2, **AUGMENTED)
    without, _ = trained(training_set, settings)
    monkeypatch.setattr(device, "count_workers", lambda: 1)
    assert same(without, trained(training_set, settings)[0])


def test_frozen_stages_stay_as_they_are(training_set, settings_with):
    settings = settings_with(frozen_stages=1, epochs=1)
    before = {k: v.clone() for k, v in net(settings).state_dict().items()}
    after, _ = trained(training_set, settings)
    stem = [name for name in before if name.startswith(("backbone.conv1.", "backbone.bn1."))]
    assert stem and all(torch.equal(before[name], after[name]) for name in stem)
    assert not torch.equal(before["linear.weight"], after["linear.weight"])


def test_a_diverging_rate_stops_the_training(training_set, settings_with):
    with pytest.raises(
        TrainingFailed, match="epoch 0, batch [0-9]+: the (loss|gradient).*learning_rate"
    ):
        settings = settings_with(clip=0.0, bnneck=False).model_copy(update={"learning_rate": 1e30})
        trained(training_set, settings)


def test_a_collapsed_network_stops_the_training(training_set, settings_with):
    """Even with a BNNeck, which stretches tiny differences."""
    settings = settings_with(learning_rate=1e-9, epochs=1)
    network = net(settings)
    network.linear.weight.data *= 1e-4
    network.linear.bias.data.fill_(1)
    with pytest.raises(TrainingFailed, match="collapsed"):
        train.train(network, training_set, settings, 0)


def test_a_flat_loss_stops_the_training(training_set, settings_with):
    everything = {
        "identities": 6,
        "views": 3,
        "new_whale_fraction": 0,
    }  # the same batch every epoch
    settings = settings_with(learning_rate=1e-12, epochs=4, sampler=everything)
    with pytest.raises(TrainingFailed, match="stays flat"):
        trained(training_set, settings)


def test_frozen_stages_stay_frozen_after_the_head_epochs(training_set, settings_with):
    settings = settings_with(head_epochs=1, frozen_stages=1)
    before = {name: value.clone() for name, value in net(settings).state_dict().items()}
    after, _ = trained(training_set, settings)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert "backbone.layer4.0.conv1.weight" in changed
    assert not [name for name in changed if name.startswith(("backbone.conv1.", "backbone.bn1."))]


def test_crops_are_shrunk_until_a_fraction_of_the_epochs(training_set, settings_with, monkeypatch):
    """32 x 64 pixels at .5 in the first of two epochs, whole in the second."""
    sizes = []
    forward = embedding_net.EmbeddingNet.forward
    monkeypatch.setattr(
        embedding_net.EmbeddingNet,
        "forward",
        lambda self, crops: sizes.append(crops.shape[2:]) or forward(self, crops),
    )
    trained(training_set, settings_with(resize={"scale": 0.5, "until": 0.5}))
    assert set(sizes[:4]) == {(16, 32)} and set(sizes[4:]) == {(32, 64)}


@pytest.mark.parametrize("kind", ["swa", "ema"])
def test_the_network_has_the_averaged_weights_in_the_end(kind, training_set, settings_with):
    plain, _ = trained(training_set, settings_with())
    averaged, history = trained(training_set, settings_with(average={"kind": kind, "start": 0.0}))
    assert not same(plain, averaged)
    assert all(torch.isfinite(value).all() for value in averaged.values())
    assert history.equals(
        trained(training_set, settings_with())[1]
    )  # the training itself is the same


def test_an_average_of_the_last_epoch_is_the_last_epoch(training_set, settings_with):
    """Except the batch statistics, which swa computes anew."""
    plain, _ = trained(training_set, settings_with())
    late, _ = trained(training_set, settings_with(average={"kind": "swa", "start": 0.5}))
    same_names = {name for name in plain if torch.equal(plain[name], late[name])}
    others = {name for name in plain if "running" not in name and "num_batches" not in name}
    assert others <= same_names < set(plain)


@pytest.fixture
def validated(training_set) -> TrainingSet:
    """The first photograph of every identity is held back, with the other two as gallery."""
    queries = np.arange(0, 18, 3)
    rows = np.setdiff1d(np.arange(22), queries)
    labels = training_set.labels[rows]
    known = labels >= 0
    crops, truths = training_set.crops, training_set.labels[queries]
    validation = InnerValidation(crops, 3, queries, truths, rows[known], labels[known])
    return TrainingSet(crops, rows, labels, rows, validation)


def test_patience_keeps_the_best_epoch_and_stops(validated, settings_with, monkeypatch):
    """Scores .2, .6, .4, .5: no fifth epoch, and the weights of the second stay."""
    scores = iter([0.2, 0.6, 0.4, 0.5, 0.9])
    states = []

    def evaluate(self, network):
        states.append({name: value.clone() for name, value in network.state_dict().items()})
        return {"inner": next(scores)}

    monkeypatch.setattr(InnerValidation, "evaluate", evaluate)
    settings = settings_with(epochs=5, inner={"fraction": 0.5, "patience": 2})
    network = net(settings)
    history, _ = train.train(network, validated, settings, 0)
    assert history["inner"].tolist() == [0.2, 0.6, 0.4, 0.5]
    assert same(network.state_dict(), states[1]) and not same(states[1], states[3])


def test_without_patience_the_score_is_only_recorded(validated, settings_with):
    settings = settings_with(inner={"fraction": 0.5, "patience": 0})
    network = net(settings)
    history, _ = train.train(network, validated, settings, 0)
    assert history["inner"].between(0, 1).all()
    scores = validated.validation.evaluate(network)
    assert scores["inner"] == pytest.approx(history["inner"].iloc[-1])
    assert inner_validation.epochs_since_best([0.3, 0.5, 0.5]) == 1


def test_scores_between_the_epochs_change_nothing_else(validated, settings_with):
    """Two batches an epoch: after the third of all, and once after the sixth, the last epoch's."""
    plain, expected = trained(validated, settings_with(epochs=3, inner={"fraction": 0.5}))
    often = settings_with(epochs=3, inner={"fraction": 0.5, "every": 3})
    weights, history = trained(validated, often)
    assert history["epoch"].tolist() == [0, 0.5, 1, 2]
    assert same(weights, plain)
    assert history["inner"].between(0, 1).all()
    whole = history.dropna(subset="loss").reset_index(drop=True)
    pd.testing.assert_frame_equal(whole, expected, check_dtype=False, check_like=True)


def test_the_rate_falls_on_a_plateau_of_the_inner_score(validated, settings_with, monkeypatch):
    """No gain in epochs 1 and 2: from epoch 3 on the rate is .3 of the top."""
    monkeypatch.setattr(InnerValidation, "evaluate", lambda self, network: {"inner": 0.5})
    plateau = {"kind": "plateau", "warmup": 0.0, "patience": 2}
    settings = settings_with(epochs=4, learning_rate=1e-3, schedule=plateau)
    history, _ = train.train(net(settings), validated, settings, 0)
    np.testing.assert_allclose(history["rate"], [1e-3, 1e-3, 1e-3, 1e-3 * schedule.FALL])


def test_a_network_that_does_not_fit_its_photographs_is_named(
    training_set, settings_with, monkeypatch, caplog
):
    """The summary has the budget, the fit and the reason; a fit of .95 is no reason."""
    monkeypatch.setattr(train.convergence, "measure_fit", lambda *_: 0.25)
    settings = settings_with()
    _, summary = train.train(net(settings), training_set, settings, 0)
    assert (summary["epochs"], summary["individuals"], summary["fit"]) == (2, 6, 0.25)
    assert summary["not_converged"] == "the loss was still falling, train longer"
    assert (
        "only 25% of the photographs that it was trained on; the loss was still falling"
        in caplog.text
    )
    monkeypatch.setattr(train.convergence, "measure_fit", lambda *_: 0.95)
    caplog.clear()
    assert train.train(net(settings), training_set, settings, 0)[1]["not_converged"] == ""
    assert not caplog.text


def test_views_per_identity_and_as_many_epochs_give_the_same_network(
    training_set, settings_with, capsys
):
    """An epoch shows the mean identity 4 times (two slots of two views): 7 views are 2 epochs."""
    expected, _ = trained(training_set, settings_with(epochs=2))
    capsys.readouterr()
    assert same(expected, trained(training_set, settings_with(epochs=0, views_per_identity=7))[0])
    assert "4 batches x 2 epochs" in capsys.readouterr().out


def test_without_epochs_nothing_is_trained(training_set, settings_with, capsys):
    settings = settings_with(epochs=0)
    before, after = net(settings), net(settings)
    history, summary = train.train(after, training_set, settings, 0)
    assert same(before.state_dict(), after.state_dict())
    assert list(history.columns) == ["epoch", "rate", "loss"] and history.empty
    assert summary["individuals"] == training_set.labels.max() + 1
    assert summary["photographs"] == (training_set.labels >= 0).sum()
    shown = ("epochs", "views", "views_per_identity", "fewest_views", "fit", "not_converged")
    assert [summary[key] for key in shown] == [0, 0, 0.0, 0, None, ""]
    assert "nothing is trained" in capsys.readouterr().out


@pytest.mark.parametrize("flip", ["none", "identity"])
def test_a_head_alone_is_trained_on_features_that_are_computed_once(
    flip, training_set, settings_with, monkeypatch
):
    settings = settings_with(epochs=0, head_epochs=3, flip=flip, learning_rate=1e-2)
    network = net(settings)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    seen = []
    forward = network.backbone.forward_features
    monkeypatch.setattr(
        network.backbone,
        "forward_features",
        lambda crops: seen.append(len(crops)) or forward(crops),
    )
    monkeypatch.setattr(train.convergence, "measure_fit", lambda *_: None)
    history, summary = train.train(network, training_set, settings, 0)
    assert sum(seen) == len(training_set.rows) * (1 if flip == "none" else 2)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0] and summary["epochs"] == 3
    changed = [k for k, v in network.state_dict().items() if not torch.equal(v, before[k])]
    assert {"linear.weight", "bnneck.running_mean"} <= set(changed)
    assert not any(name.startswith("backbone.") for name in changed)
