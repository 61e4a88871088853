"""Learning rates at points that can be checked by hand."""

import pytest
import torch
from torch import nn

from pipeline.params import Schedule
from pipeline.training import schedule


def at(done: float, kind: str = "cosine", warmup: float = 0.1, cycles: int = 2) -> float:
    values = {"kind": kind, "warmup": warmup, "cycles": cycles, "patience": 2}
    section = Schedule.model_validate(values)
    return schedule.lr_factor(done, section)


def test_cosine_by_hand():
    """Warm-up over the first fifth, then half a cosine over the other four."""
    assert at(0.0, warmup=0.2) == pytest.approx(0, abs=0.01)
    assert at(0.1, warmup=0.2) == pytest.approx(0.5, abs=0.01)
    assert at(0.2, warmup=0.2) == pytest.approx(1)
    assert at(0.4, warmup=0.2) == pytest.approx(0.8536, abs=1e-4)  # (1 + cos 45 degrees) / 2
    assert at(0.6, warmup=0.2) == pytest.approx(0.5)
    assert at(1.0, warmup=0.2) == pytest.approx(0, abs=1e-6)


def test_the_first_rate_is_above_0():
    assert at(0.0) > 0


def test_cosine_without_warm_up_starts_at_the_top():
    assert at(0.0, warmup=0.0) == pytest.approx(1)
    assert at(0.5, warmup=0.0) == pytest.approx(0.5)


def test_a_training_of_warm_up_only():
    assert at(0.5, warmup=1.0) == pytest.approx(0.5, abs=0.01)
    assert at(1.0, warmup=1.0) == pytest.approx(1)


@pytest.mark.parametrize(
    "done, factor",
    [(0.0, 0.05), (0.125, 0.525), (0.25, 1.0), (0.375, 0.525), (0.5, 0.05), (0.75, 1.0)],
)
def test_cyclic_by_hand(done, factor):
    """Two triangles from 5 % to the top: peaks at a quarter and three quarters."""
    assert at(done, kind="cyclic") == pytest.approx(factor)


@pytest.mark.parametrize(
    "done, factor", [(0.0, 0.04), (0.1, 0.52), (0.2, 1.0), (0.6, 0.50005), (1.0, 1e-4)]
)
def test_one_cycle_by_hand(done, factor):
    """Up from 4 % in the first fifth, down to .01 % in the other four, along half cosines."""
    assert at(done, kind="one_cycle", warmup=0.2) == pytest.approx(factor)


@pytest.mark.parametrize("done, factor", [(0.2, 1.0), (0.4, 0.5), (0.5999, 0), (0.6001, 1.0)])
def test_restarts_by_hand(done, factor):
    """After a warm-up of a fifth, two cosines of two fifths each."""
    assert at(done, kind="restarts", warmup=0.2) == pytest.approx(factor, abs=1e-3)
    assert at(0.1, kind="restarts", warmup=0.2) == pytest.approx(0.5, abs=0.01)


def test_plateau_warms_up_and_stays_without_a_plateau():
    assert at(0.05, kind="plateau") == pytest.approx(0.5, abs=0.01)
    assert at(0.1, kind="plateau") == at(0.99, kind="plateau") == 1.0


@pytest.mark.parametrize(
    "scores, count",
    [([], 0), ([1, 2, 3], 0), ([1, 1, 1], 1), ([2, 1, 1.5, 3, 3, 3], 2), ([1, 0, 0, 0, 0], 2)],
)
def test_two_epochs_in_a_row_without_a_new_best_are_a_plateau(scores, count):
    assert schedule.count_plateaus(scores, 2) == count


def test_one_cycle_without_a_warm_up_starts_at_the_top():
    assert at(0.0, kind="one_cycle", warmup=0.0) == pytest.approx(1.0)


class Learner(nn.Module):
    """A backbone with a frozen kernel, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Module()
        self.net.backbone = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1))
        self.net.backbone[2].weight.requires_grad_(False)
        self.net.linear = nn.Linear(4, 2)


def test_groups_by_place_and_shape(settings_with):
    learner = Learner()
    settings = settings_with(learning_rate=0.01, backbone_lr_scale=0.1, weight_decay=0.5)
    groups = schedule.parameter_groups(learner, settings)
    name_of = {id(parameter): name for name, parameter in learner.named_parameters()}
    grouped = {
        tuple(sorted(name_of[id(p)] for p in group["params"])): (group["lr"], group["weight_decay"])
        for group in groups
    }
    assert grouped == {
        ("net.backbone.0.weight",): (pytest.approx(0.001), 0.5),
        (
            "net.backbone.0.bias",
            "net.backbone.1.bias",
            "net.backbone.1.weight",
            "net.backbone.2.bias",
        ): (
            pytest.approx(0.001),
            0.0,
        ),
        ("net.linear.weight",): (0.01, 0.5),
        ("net.linear.bias",): (0.01, 0.0),
    }


def test_learning_rates_keep_the_scale_of_each_group(settings_with):
    settings = settings_with(learning_rate=0.01, backbone_lr_scale=0.1)
    optimizer = torch.optim.AdamW(schedule.parameter_groups(Learner(), settings))
    for _ in range(2):  # the second time from the changed rates
        assert schedule.set_learning_rate(optimizer, 0.01, 0.5) == pytest.approx(0.005)
        for group in optimizer.param_groups:
            assert group["lr"] == pytest.approx(0.005 * group["lr_scale"])
    assert {group["lr_scale"] for group in optimizer.param_groups} == {0.1, 1.0}


def test_a_group_without_a_scale_has_the_rate_itself():
    optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=1.0)
    assert schedule.set_learning_rate(optimizer, 0.3) == optimizer.param_groups[0]["lr"] == 0.3


@pytest.mark.parametrize("steps", [1, 2, 4, 6, 7, 30, 101])
def test_one_cycle_of_rate_and_momentum_is_that_of_torch(steps):
    parameters = list(nn.Linear(2, 2).parameters())
    expected, optimizer = (torch.optim.AdamW(parameters) for _ in range(2))
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        expected, max_lr=0.003, total_steps=steps, pct_start=0.2
    )
    for step in range(steps):
        rate = schedule.set_one_cycle(optimizer, 0.003, step, steps, 0.2)
        wanted, given = expected.param_groups[0], optimizer.param_groups[0]
        assert rate == given["lr"] == wanted["lr"] and given["betas"] == wanted["betas"]
        expected.step()
        cycle.step()


def test_one_cycle_whose_first_step_is_the_peak():
    """A fifth of five steps: torch's own divides by 0."""
    optimizer = torch.optim.AdamW(nn.Linear(2, 2).parameters())
    assert schedule.set_one_cycle(optimizer, 0.003, 0, 5, 0.2) == pytest.approx(0.003)


@pytest.mark.fault("params", "crop.unet.epochs: 1 with any number of masks", "trained")
def test_one_cycle_of_any_length_has_finite_rates_below_the_top():
    optimizer = torch.optim.AdamW(nn.Linear(2, 2).parameters())
    for steps in range(1, 51):
        rates = [schedule.set_one_cycle(optimizer, 0.003, i, steps, 0.2) for i in range(steps)]
        assert all(0 < rate <= 0.003 * (1 + 1e-9) for rate in rates), steps
        assert rates[-1] == min(rates), steps


def test_the_factor_falls_with_every_plateau():
    section = Schedule(kind="plateau", warmup=0.0, cycles=1, patience=2)
    factors = [schedule.lr_factor(0.5, section, plateaus) for plateaus in range(3)]
    assert factors == pytest.approx([1, schedule.FALL, schedule.FALL**2])
    cosine = section.model_copy(update={"kind": "cosine"})
    assert schedule.lr_factor(0.5, cosine, 2) == schedule.lr_factor(0.5, cosine, 0)
