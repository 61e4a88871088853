"""The loop sets a rate, updates and hands on what it did; a gradient step is checked first."""

import pytest
import torch
from torch import nn

from pipeline.training.loop import gradient_step, run_steps
from pipeline.training.schedule import set_learning_rate


def test_each_batch_is_one_step_after_its_rate_is_set():
    calls = []

    def set_rate(step: int) -> float:
        calls.append(("rate", step))
        return step / 10

    def update(batch: str) -> str:
        calls.append(("update", batch))
        return batch.upper()

    steps = []
    for step in run_steps("ab", set_rate, update):
        calls.append(("after", step.number))
        steps.append((step.number, step.learning_rate, step.result))
    assert steps == [(0, 0.0, "A"), (1, 0.1, "B")]
    assert [name for name, _ in calls] == ["rate", "update", "after"] * 2


def test_gradient_steps_by_hand():
    """Loss w^2 + 3 w from 1 at rate .1: the slope is 5, then 2 x .5 + 3 = 4."""
    weight = nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([weight], lr=1.0)

    def update(_: int) -> torch.Tensor:
        return gradient_step({"square": weight**2, "linear": 3 * weight}, optimizer)

    steps = list(run_steps(range(2), lambda _: set_learning_rate(optimizer, 0.1), update))
    assert [float(step.result) for step in steps] == pytest.approx([4.0, 1.75])
    assert weight.item() == pytest.approx(0.1)
    assert not steps[0].result.requires_grad


def test_the_gradient_can_be_clipped():
    weight = nn.Parameter(torch.tensor(1.0))
    norms = []

    def backward(total: torch.Tensor) -> torch.Tensor:
        total.backward()
        norms.append(nn.utils.clip_grad_norm_([weight], 0.5))
        return norms[-1]

    gradient_step({"linear": 4 * weight}, torch.optim.SGD([weight], lr=1.0), backward)
    assert norms[0].item() == pytest.approx(4.0)
    assert weight.item() == pytest.approx(0.5)


def test_a_failed_check_leaves_the_weights_alone():
    weight = nn.Parameter(torch.tensor(1.0))

    def check(total: torch.Tensor, losses: dict, norm: torch.Tensor | None) -> None:
        assert (total.item(), list(losses), norm) == (2.0, ["double"], None)
        raise FloatingPointError

    with pytest.raises(FloatingPointError):
        gradient_step({"double": 2 * weight}, torch.optim.SGD([weight], lr=1.0), check=check)
    assert weight.item() == 1.0
