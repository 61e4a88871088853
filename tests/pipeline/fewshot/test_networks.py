import pytest
import torch
import torch.nn.functional as F

from pipeline.fewshot.networks import (
    EPSILON,
    Conv,
    Dense,
    add_output_layer,
    batch_normalise,
    repeat_weights,
)
from pipeline.system import device
from tests.pipeline.fewshot.synthetic import DIM, IMAGE, WAYS, sample_episodes

NETWORKS = pytest.mark.parametrize(
    "network, shape", [(Dense(DIM, 5), (DIM,)), (Conv(IMAGE, 3), IMAGE)], ids=["dense", "conv"]
)


def initial_weights(network, tasks: int):
    """Initial weights that differ between tasks, as after some training."""
    starts = [network.initial_weights(torch.Generator().manual_seed(seed)) for seed in range(tasks)]
    return add_noise(tuple(torch.stack(tensors) for tensors in zip(*starts, strict=True)))


def full_weights(network, tasks: int):
    return add_noise(add_output_layer(network, initial_weights(network, tasks), WAYS))


def add_noise(weights):
    generator = torch.Generator().manual_seed(9)
    return tuple(
        tensor + 0.1 * torch.randn(tensor.shape, generator=generator) for tensor in weights
    )


@NETWORKS
@pytest.mark.parametrize("ways", [2, 5])
def test_a_task_begins_with_one_zero_output_per_way(network, shape, ways):
    episodes = sample_episodes(shape, tasks=3)
    weights = add_output_layer(network, initial_weights(network, 3), ways)
    logits = network.logits(weights, episodes.queries)
    assert logits.shape == (3, episodes.truth.shape[1], ways)
    assert not logits.any()


@NETWORKS
def test_every_task_uses_its_weights(network, shape):
    episodes, weights = sample_episodes(shape, tasks=3), full_weights(network, 3)
    logits = network.logits(weights, episodes.queries)
    for task in range(3):
        alone = network.logits(
            tuple(tensor[task : task + 1] for tensor in weights),
            episodes.queries[task : task + 1],
        )
        torch.testing.assert_close(logits[task], alone[0], rtol=1e-4, atol=1e-4)


def test_each_start_is_repeated_for_the_tasks_of_one_part():
    (repeated,) = repeat_weights((torch.tensor([[1.0], [2.0]]),), 6)
    assert repeated.flatten().tolist() == [1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    "dtype, half, rtol, atol",
    [
        (torch.float64, None, 0, 1e-6),
        (torch.float32, False, 1e-3, 1e-4),
        (torch.float32, True, 0, 0.02),
    ],
)
def test_conv_equals_the_layers_of_torch(dtype, half, rtol, atol, monkeypatch):
    """Exactly in double precision, which is never halved, and nearly in half precision."""
    if half is not None:
        monkeypatch.setattr(device, "multiplies_half", lambda kind: half)
    network, episodes = Conv(IMAGE, 3), sample_episodes(IMAGE, tasks=1)
    weights = tuple(tensor.to(dtype) for tensor in full_weights(network, 1))
    maps = queries = episodes.queries.to(dtype)
    maps = maps[0]
    for block in range(4):
        kernel, scale, shift = (tensor[0] for tensor in weights[3 * block : 3 * block + 3])
        maps = F.conv2d(maps, kernel, padding=1)
        maps = F.batch_norm(maps, None, None, scale, shift, training=True)
        maps = F.max_pool2d(F.relu(maps), 2)
    expected = maps.flatten(1) @ weights[-2][0] + weights[-1][0]
    logits = network.logits(weights, queries)[0]
    assert logits.dtype == dtype
    torch.testing.assert_close(logits, expected, rtol=rtol, atol=atol)


def test_batch_norm_averages_over_the_reference():
    """A naive oracle: every channel by the first two of three maps."""
    maps = torch.randn(3, 2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    scale, shift = torch.tensor([2.0, 3.0]).double(), torch.tensor([1.0, -1.0]).double()
    normalised = batch_normalise(maps, 2, scale, shift)
    for channel in range(2):
        seen = maps[:2, channel]
        deviation = (seen.var(correction=0) + EPSILON).sqrt()
        expected = (maps[:, channel] - seen.mean()) / deviation * scale[channel] + shift[channel]
        torch.testing.assert_close(normalised[:, channel], expected)


def test_a_constant_channel_becomes_its_shift():
    maps = torch.full((3, 1, 4, 4), 1000.0)
    normalised = batch_normalise(maps, 3, torch.ones(1), torch.full((1,), 0.5))
    torch.testing.assert_close(normalised, torch.full_like(maps, 0.5), rtol=0, atol=0.01)
