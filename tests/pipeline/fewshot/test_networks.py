import pytest
import torch
import torch.nn.functional as F

from pipeline.fewshot.inner_loop import adapted, task_costs
from pipeline.fewshot.networks import EPSILON, Conv, Dense, begun, normalised
from pipeline.system import device
from tests.pipeline.fewshot.learners import DIM, PICTURE, WAYS, episodes

NETWORKS = [(Dense(DIM, 5), (DIM,)), (Conv(PICTURE, 3), PICTURE)]


def starts_of(network, tasks: int):
    """Starts that differ, as those of tasks that have learned something do."""
    starts = [network.start(torch.Generator().manual_seed(seed)) for seed in range(tasks)]
    return noisy(tuple(torch.stack(one) for one in zip(*starts, strict=True)))


def weights_of(network, tasks: int):
    return noisy(begun(network, starts_of(network, tasks), WAYS))


def noisy(weights):
    generator = torch.Generator().manual_seed(9)
    return tuple(one + 0.1 * torch.randn(one.shape, generator=generator) for one in weights)


@pytest.mark.parametrize("network, shape", NETWORKS, ids=["dense", "conv"])
@pytest.mark.parametrize("ways", [2, 5])
def test_a_task_begins_with_as_many_equal_outputs_as_it_has_ways(network, shape, ways):
    given = episodes(shape, tasks=3)
    told = network.logits(begun(network, starts_of(network, 3), ways), given.queries)
    assert told.shape == (3, given.truth.shape[1], ways)
    assert not told.any()


@pytest.mark.parametrize("network, shape", NETWORKS, ids=["dense", "conv"])
def test_every_task_has_its_own_weights(network, shape):
    given, weights = episodes(shape, tasks=3), weights_of(network, 3)
    told = network.logits(weights, given.queries)
    for task in range(3):
        alone = network.logits(
            tuple(one[task : task + 1] for one in weights), given.queries[task : task + 1]
        )
        torch.testing.assert_close(told[task], alone[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "dtype, half, rtol, atol",
    [
        (torch.float64, None, 0, 1e-6),
        (torch.float32, False, 1e-3, 1e-4),
        (torch.float32, True, 0, 0.02),
    ],
)
def test_conv_is_the_usual_layers(dtype, half, rtol, atol, monkeypatch):
    """Exactly in double precision, which is never half, and nearly in half."""
    if half is not None:
        monkeypatch.setattr(device, "multiplies_half", lambda kind: half)
    network, given = Conv(PICTURE, 3), episodes(PICTURE, tasks=1)
    weights = tuple(one.to(dtype) for one in weights_of(network, 1))
    maps = queries = given.queries.to(dtype)
    maps = maps[0]
    for block in range(4):
        kernel, scale, shift = (one[0] for one in weights[3 * block : 3 * block + 3])
        maps = F.conv2d(maps, kernel, padding=1)
        maps = F.batch_norm(maps, None, None, scale, shift, training=True)
        maps = F.max_pool2d(F.relu(maps), 2)
    expected = maps.flatten(1) @ weights[-2][0] + weights[-1][0]
    told = network.logits(weights, queries)[0]
    assert told.dtype == dtype
    torch.testing.assert_close(told, expected, rtol=rtol, atol=atol)


def test_batch_norms_means_are_those_of_the_reference():
    """A naive oracle: every channel by the first two of three maps."""
    maps = torch.randn(3, 2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    scale, shift = torch.tensor([2.0, 3.0]).double(), torch.tensor([1.0, -1.0]).double()
    told = normalised(maps, 2, scale, shift)
    for channel in range(2):
        seen = maps[:2, channel]
        spread = (seen.var(correction=0) + EPSILON).sqrt()
        expected = (maps[:, channel] - seen.mean()) / spread * scale[channel] + shift[channel]
        torch.testing.assert_close(told[:, channel], expected)


def test_a_channel_that_is_the_same_everywhere_becomes_its_shift():
    maps = torch.full((3, 1, 4, 4), 1000.0)
    told = normalised(maps, 3, torch.ones(1), torch.full((1,), 0.5))
    torch.testing.assert_close(told, torch.full_like(maps, 0.5), rtol=0, atol=0.01)


@pytest.mark.parametrize("network, shape", NETWORKS, ids=["dense", "conv"])
def test_adapting_is_gradient_descent(network, shape):
    given, start = episodes(shape, tasks=2), starts_of(network, 2)
    ended = adapted(network, start, given.support, WAYS, 2, 0.3)
    task = type(given.support)(*(one[1:] for one in given.support))
    weights = [one[1:].clone().requires_grad_() for one in begun(network, start, WAYS)]
    optimiser = torch.optim.SGD(weights, lr=0.3)
    for _ in range(2):
        optimiser.zero_grad()
        logits = network.logits(tuple(weights), task.inputs)
        F.cross_entropy(logits[0], task.labels[0]).backward()
        optimiser.step()
    for told, expected in zip(ended, weights, strict=True):
        torch.testing.assert_close(told[1], expected[0].detach(), rtol=1e-3, atol=1e-5)


def test_a_tasks_cost_is_the_mean_over_what_is_real():
    support = episodes(tasks=1).support
    logits = torch.randn(
        1, len(support.labels[0]), WAYS, generator=torch.Generator().manual_seed(0)
    )
    weights = torch.zeros_like(support.weights)
    weights[0, :3] = 1
    told = task_costs(logits, support._replace(weights=weights))
    torch.testing.assert_close(told[0], F.cross_entropy(logits[0, :3], support.labels[0, :3]))


def test_padding_of_a_class_that_is_out_of_the_softmax_costs_nothing():
    support = episodes(tasks=1, shots=1).support
    support = support._replace(weights=torch.tensor([[1.0, 1.0, 1.0, 0.0]]))
    logits = torch.zeros(1, 4, WAYS).masked_fill(torch.arange(WAYS) == 3, -torch.inf)
    logits.requires_grad_()
    cost = task_costs(logits, support)
    cost.sum().backward()
    assert cost.item() == pytest.approx(torch.tensor(3.0).log().item())
    assert logits.grad.isfinite().all() and not logits.grad[0, 3].any()
