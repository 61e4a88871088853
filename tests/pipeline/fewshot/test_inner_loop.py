"""The inner loop against one nn.Sequential per task and torch's SGD."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.fewshot.inner_loop import InnerLoop, adapt, task_costs
from pipeline.fewshot.networks import Conv, Dense, add_output_layer
from pipeline.fewshot.tasks import Support
from tests.pipeline.fewshot.reference import (
    NETWORK,
    build_module,
    flatten_module,
    flatten_weights,
    random_starts,
    random_support,
    train_module,
)
from tests.pipeline.fewshot.synthetic import DIM, IMAGE, sample_episodes
from tests.pipeline.fewshot.synthetic import WAYS as EPISODE_WAYS
from tests.pipeline.fewshot.test_networks import initial_weights

WAYS = 3


@pytest.mark.parametrize(
    "network, shape", [(Dense(DIM, 5), (DIM,)), (Conv(IMAGE, 3), IMAGE)], ids=["dense", "conv"]
)
def test_adaptation_is_gradient_descent(network, shape):
    episodes, start = sample_episodes(shape, tasks=2), initial_weights(network, 2)
    adapted = adapt(network, start, episodes.support, EPISODE_WAYS, InnerLoop(2, 0.3))
    task = Support(*(values[1:] for values in episodes.support))
    full = add_output_layer(network, start, EPISODE_WAYS)
    weights = [tensor[1:].clone().requires_grad_() for tensor in full]
    optimizer = torch.optim.SGD(weights, lr=0.3)
    for _ in range(2):
        optimizer.zero_grad()
        logits = network.logits(tuple(weights), task.inputs)
        F.cross_entropy(logits[0], task.labels[0]).backward()
        optimizer.step()
    for result, expected in zip(adapted, weights, strict=True):
        torch.testing.assert_close(result[1], expected[0].detach(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 7])
def test_the_inner_loop_equals_torchs_sgd(steps):
    start, support = random_starts(4, 0), random_support(4, 1)
    adapted = adapt(NETWORK, start, support, WAYS, InnerLoop(steps, 0.3))
    for task in range(4):
        module = build_module(start, task)
        train_module(module, support, task, steps, 0.3)
        expected = flatten_module(module).numpy()
        assert flatten_weights(adapted, task) == pytest.approx(expected, abs=1e-5)


def test_each_step_uses_the_next_minibatch():
    """Seven examples in three parts: 0, 3, 6, then 1, 4, then 2, 5, then 0, 3, 6 again."""
    start, support = random_starts(1, 0), random_support(1, 1)
    support = support._replace(weights=torch.ones(1, 7))
    module = build_module(start, 0)
    for rows in ([0, 3, 6], [1, 4], [2, 5], [0, 3, 6]):
        train_module(module, Support(*(values[:, rows] for values in support)), 0, 1, 0.3)
    adapted = adapt(NETWORK, start, support, WAYS, InnerLoop(4, 0.3, minibatches=3))
    assert flatten_weights(adapted, 0) == pytest.approx(flatten_module(module).numpy(), abs=1e-5)


def test_adaptation_leaves_the_start_unchanged():
    start, support = random_starts(4, 0), random_support(4, 1)
    before = tuple(tensor.clone() for tensor in start)
    adapt(NETWORK, start, support, WAYS, InnerLoop(5, 0.3))
    assert all(torch.equal(a, b) for a, b in zip(start, before, strict=True))


def test_tasks_are_adapted_independently():
    start, support = random_starts(4, 0), random_support(4, 1)
    loop = InnerLoop(5, 0.3)
    together = adapt(NETWORK, start, support, WAYS, loop)
    start = tuple(tensor[2:3] for tensor in start)
    alone = adapt(NETWORK, start, Support(*(values[2:3] for values in support)), WAYS, loop)
    expected = flatten_weights(together, 2).numpy()
    assert flatten_weights(alone, 0) == pytest.approx(expected, abs=1e-6)


def test_padding_changes_nothing():
    start, support = random_starts(4, 0), random_support(4, 1)
    support.inputs[:, -1] = 100.0
    loop = InnerLoop(5, 0.3)
    padded = adapt(NETWORK, start, support, WAYS, loop)
    shorter = Support(*(values[:, :-1] for values in support))
    unpadded = adapt(NETWORK, start, shorter, WAYS, loop)
    for task in range(4):
        expected = flatten_weights(unpadded, task).numpy()
        assert flatten_weights(padded, task) == pytest.approx(expected)


def test_a_class_without_example_is_not_in_the_softmax():
    """Three ways of which two have examples: the weights of a task of two, and zeros."""
    start, support = random_starts(2, 0), random_support(2, 1)
    support = support._replace(labels=support.labels % 2)
    three = adapt(NETWORK, start, support, 3, InnerLoop(5, 0.3))
    two = adapt(NETWORK, start, support, 2, InnerLoop(5, 0.3))
    for result, expected in zip(three[:2], two[:2], strict=True):
        torch.testing.assert_close(result, expected)
    for result, expected in zip(three[2:], two[2:], strict=True):
        torch.testing.assert_close(result[..., :2], expected)
        assert not result[..., 2].any()


def test_a_class_that_a_minibatch_lacks_is_in_its_softmax():
    """One example per step; the weights of the other class are decreased all the same."""
    start, support = random_starts(1, 0), random_support(1, 1, photographs=2)
    support = support._replace(labels=torch.tensor([[0, 1]]), weights=torch.ones(1, 2))
    module = build_module(start, 0, ways=2)
    train_module(module, Support(*(values[:, :1] for values in support)), 0, 1, 0.3)
    adapted = adapt(NETWORK, start, support, 2, InnerLoop(1, 0.3, minibatches=2))
    assert flatten_weights(adapted, 0) == pytest.approx(flatten_module(module).numpy(), abs=1e-6)
    assert adapted[-1].flatten().tolist() == pytest.approx([0.15, -0.15])


def test_the_cost_of_a_task_is_the_mean_without_padding():
    support = sample_episodes(tasks=1).support
    shape = 1, len(support.labels[0]), EPISODE_WAYS
    logits = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    weights = torch.zeros_like(support.weights)
    weights[0, :3] = 1
    cost = task_costs(logits, support._replace(weights=weights))
    torch.testing.assert_close(cost[0], F.cross_entropy(logits[0, :3], support.labels[0, :3]))


def test_padding_of_an_absent_class_costs_nothing():
    support = sample_episodes(tasks=1, shots=1).support
    support = support._replace(weights=torch.tensor([[1.0, 1.0, 1.0, 0.0]]))
    logits = torch.zeros(1, 4, EPISODE_WAYS)
    logits = logits.masked_fill(torch.arange(EPISODE_WAYS) == 3, -torch.inf)
    logits.requires_grad_()
    cost = task_costs(logits, support)
    cost.sum().backward()
    assert cost.item() == pytest.approx(torch.tensor(3.0).log().item())
    assert logits.grad.isfinite().all() and not logits.grad[0, 3].any()
