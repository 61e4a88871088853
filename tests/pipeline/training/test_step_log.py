"""Means of losses by hand; what is not finite is named with its batch, at once or later."""

import pytest
import torch

from pipeline.training.health_checks import TrainingFailed
from pipeline.training.step_log import SKIPPED, StepLog

NAN, INF = float("nan"), float("inf")


def add(log: StepLog, arcface: float, triplet: float = 1.0, norm: float | None = 1.0) -> None:
    losses = {"arcface": torch.tensor(arcface), "triplet": torch.tensor(triplet)}
    log(sum(losses.values()), losses, None if norm is None else torch.tensor(norm))


@pytest.mark.parametrize("every", [None, 2, 16])
def test_means_by_hand(every):
    log = StepLog(0, every=every)
    for arcface in (1.0, 2.0, 6.0):
        add(log, arcface)
    assert log.finish() == {"loss": 4.0, "arcface": 3.0, "triplet": 1.0}


def test_no_batch_has_no_means():
    assert StepLog(0).finish() == {}


def test_on_a_cpu_a_batch_is_checked_at_once():
    log = StepLog(4)
    add(log, 1.0, norm=None)
    with pytest.raises(TrainingFailed, match=r"epoch 4, batch 1: the loss is nan \(from triplet\)"):
        add(log, 1.0, NAN)


def test_the_first_bad_batch_is_named_when_the_log_is_read():
    log = StepLog(2, every=4)
    add(log, 1.0)
    add(log, 1.0, norm=INF)
    add(log, NAN)
    with pytest.raises(TrainingFailed, match="epoch 2, batch 1: the gradient's norm is inf"):
        add(log, NAN)


def test_the_last_batches_are_checked_at_the_end():
    log = StepLog(0, every=16)
    add(log, INF)
    with pytest.raises(TrainingFailed, match="batch 0"):
        log.finish()


def test_an_error_that_bad_numbers_caused_is_named_after_them():
    with pytest.raises(TrainingFailed, match="batch 0"), StepLog(0, every=16) as log:
        add(log, NAN)
        raise ValueError("matrix contains invalid numeric entries")
    with pytest.raises(ValueError, match="another"), StepLog(0, every=16) as log:
        add(log, 1.0)
        raise ValueError("another")


def test_a_step_that_scaling_skips_is_healthy_but_not_many_in_a_row():
    log = StepLog(0, scaled=True, every=16)
    for norm in (INF, 1.0, INF, NAN, 1.0):
        add(log, 1.0, norm=norm)
    assert log.finish()["loss"] == 2.0
    log = StepLog(0, scaled=True)
    for _ in range(SKIPPED):
        add(log, 1.0, norm=INF)
    with pytest.raises(TrainingFailed, match=f"batch {SKIPPED}: the gradient's norm is inf"):
        add(log, 1.0, norm=INF)


def test_a_loss_that_is_not_finite_is_named_with_scaling_too():
    with pytest.raises(TrainingFailed, match="the loss is nan"):
        add(StepLog(0, scaled=True), NAN)
