"""Failing training is stopped with its cause; healthy training is not."""

import pytest
import torch
from torch import nn

from pipeline.training import health_checks
from pipeline.training.health_checks import TrainingFailed


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_named(value):
    losses = {"arcface": torch.tensor(2.0), "triplet": torch.tensor(value)}
    with pytest.raises(TrainingFailed, match=r"epoch 3: the loss is (nan|inf) \(from triplet\)"):
        health_checks.check_finite(sum(losses.values()), losses, "epoch 3")


def test_a_gradient_that_is_not_finite_is_named():
    with pytest.raises(TrainingFailed, match=r"epoch 2: the gradient's norm is nan.*learning_rate"):
        health_checks.check_gradient(torch.tensor(float("nan")), "epoch 2")


def test_a_flat_loss_stops_halfway_with_its_values():
    message = r"stays flat: 4\.0000 in epoch 0, 3\.9500 in epoch 2.*learning_rate"
    with pytest.raises(TrainingFailed, match=message):
        health_checks.check_falling([4.0, 3.9, 3.95], epochs=6)


def test_a_rising_loss_stops_too():
    with pytest.raises(TrainingFailed, match="stays flat"):
        health_checks.check_falling([4.0, 5.0], epochs=4)


@pytest.mark.parametrize(
    "losses, epochs",
    [
        ([4.0, 3.9, 3.8], 6),  # falls by 5 %
        ([4.0, 3.99], 6),  # not halfway yet
        ([4.0, 3.99, 3.98, 3.98], 6),  # checked before
        ([4.0, 4.0], 3),  # too short to decide
        ([4.0], 1),
    ],
)
def test_a_falling_loss_passes(losses, epochs):
    health_checks.check_falling(losses, epochs)


def test_collapsed_vectors_stop_with_their_cosine():
    features = torch.tensor([[3.0, 4.0]]).repeat(6, 1) + 1e-3 * torch.eye(6, 2)
    with pytest.raises(TrainingFailed, match=r"epoch 1: .*collapsed \(mean cosine 1\.0000"):
        health_checks.check_spread(features, 1)


def test_vectors_of_different_length_and_one_direction_have_collapsed():
    with pytest.raises(TrainingFailed, match="collapsed"):
        health_checks.check_spread(torch.tensor([[1.0, 1.0], [2.0, 2.0], [9.0, 9.0]]), 0)


def test_pairs_of_equal_vectors_have_not_collapsed():
    """Two individuals, three views each: cosine 1 within, 0 between."""
    health_checks.check_spread(torch.eye(2).repeat_interleave(3, dim=0), 0)


def test_a_healthy_batch_passes():
    torch.manual_seed(0)
    losses = {"arcface": torch.tensor(2.0)}
    health_checks.check_finite(losses["arcface"], losses, "epoch 0")
    health_checks.check_gradient(torch.tensor(1e6), "epoch 0")
    health_checks.check_spread(torch.randn(8, 4) + 2, 0)
    health_checks.check_spread(torch.ones(1, 4), 0)  # a single image has no other to differ from


@pytest.mark.fault("params", "a learning rate that spoils the last step", "refused by `train`")
def test_weights_that_are_not_finite_are_refused():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    health_checks.check_weights(net)
    net[1].running_var[0] = torch.inf
    with pytest.raises(health_checks.TrainingFailed, match="not finite, first 1.running_var"):
        health_checks.check_weights(net)
