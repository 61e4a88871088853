"""Batched tasks against one nn.Sequential a task and torch's own SGD."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from pipeline import params
from pipeline.evaluation import protocol
from pipeline.fewshot import reptile
from pipeline.fewshot.inner_loop import adapted
from pipeline.fewshot.networks import Conv, Dense, Weights, repeated
from pipeline.fewshot.tasks import Support, whole
from pipeline.steps.rerank import episodes
from pipeline.steps.rerank import reptile as second_look
from tests.conftest import ROOT
from tests.pipeline.fewshot import learners

SETTINGS = params.load(ROOT / "tests/params.yaml").rerank.reptile
DIM, HIDDEN, WAYS = 6, 5, 3
NETWORK = Dense(DIM, HIDDEN)


def random_starts(count: int, seed: int) -> Weights:
    """Starts that all differ, in every layer."""
    rng = torch.Generator().manual_seed(seed)
    shapes = [(DIM, HIDDEN), (1, HIDDEN)]
    return tuple(torch.randn(count, *shape, generator=rng) for shape in shapes)


def random_task(count: int, seed: int, photographs: int = 7) -> Support:
    rng = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, photographs, DIM, generator=rng)
    labels = torch.arange(photographs).remainder(WAYS).expand(count, -1).clone()
    weights = torch.rand(count, photographs, generator=rng)
    weights[:, -1] = 0  # padding
    return Support(nn.functional.normalize(inputs, dim=-1), labels, weights)


def slow_net(start: Weights, which: int, ways: int = WAYS) -> nn.Sequential:
    """One start as a network of torch, with an output layer of zeros."""
    net = nn.Sequential(nn.Linear(DIM, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, ways))
    with torch.no_grad():
        net[0].weight.copy_(start[0][which].T)
        net[0].bias.copy_(start[1][which, 0])
        net[2].weight.zero_()
        net[2].bias.zero_()
    return net


def slow_sgd(net: nn.Sequential, task: Support, which: int, steps: int, rate: float) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    real = task.weights[which] > 0
    inputs = task.inputs[which][real] * DIM**0.5
    weights = task.weights[which][real]
    for _ in range(steps):
        losses = nn.functional.cross_entropy(
            net(inputs), task.labels[which][real], reduction="none"
        )
        optimizer.zero_grad()
        ((losses * weights).sum() / weights.sum()).backward()
        optimizer.step()


def flat(net: nn.Sequential) -> torch.Tensor:
    with torch.no_grad():
        parts = [net[0].weight.T, net[0].bias, net[2].weight.T, net[2].bias]
        return torch.cat([part.flatten() for part in parts])


def flat_start(net: nn.Sequential) -> torch.Tensor:
    """Without the output layer, which is every task's own."""
    return flat(net)[: HIDDEN * (DIM + 1)]


def flat_weights(weights: Weights, which: int) -> torch.Tensor:
    return torch.cat([tensor[which].flatten() for tensor in weights])


def same(first: Weights, second: Weights) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("steps", [1, 7])
def test_the_inner_loop_is_torchs_sgd(steps):
    start, task = random_starts(4, 0), random_task(4, 1)
    learned = adapted(NETWORK, start, task, WAYS, steps, 0.3)
    for which in range(4):
        net = slow_net(start, which)
        slow_sgd(net, task, which, steps, 0.3)
        assert flat_weights(learned, which) == pytest.approx(flat(net).numpy(), abs=1e-5)


def test_in_parts_every_step_sees_the_next_examples():
    """Seven examples in three parts: 0, 3, 6, then 1, 4, then 2, 5, then 0, 3, 6 again."""
    start, task = random_starts(1, 0), random_task(1, 1)
    task = task._replace(weights=torch.ones(1, 7))
    net = slow_net(start, 0)
    for seen in ([0, 3, 6], [1, 4], [2, 5], [0, 3, 6]):
        slow_sgd(net, Support(*(one[:, seen] for one in task)), 0, 1, 0.3)
    learned = adapted(NETWORK, start, task, WAYS, 4, 0.3, parts=3)
    assert flat_weights(learned, 0) == pytest.approx(flat(net).numpy(), abs=1e-5)
    moved = reptile.meta_update(NETWORK, start, task, WAYS, 4, 0.3, 1.0, parts=3)
    assert flat_weights(moved, 0) == pytest.approx(flat_start(net).numpy(), abs=1e-5)


def test_transduction_lets_queries_say_what_is_usual():
    """Batch norm over the queries alone: they change each other's answers, the supports don't
    enter but by what was learned of them."""
    network = Conv(learners.PICTURE, 4)
    given = learners.episodes(learners.PICTURE)
    own, plain = (reptile.Reptile(network, 2, 0.1, 2, transductive=yes) for yes in (True, False))
    optimiser = torch.optim.SGD(own.parameters(), lr=0.5)
    own.update(given, optimiser)
    plain.load_state_dict(own.state_dict())
    others = given.queries.clone()
    others[:, 1:] *= 3.0
    for learner, moves in ((own, True), (plain, False)):
        before = learner.scores(given.support, given.queries, given.ways)[:, 0]
        after = learner.scores(given.support, others, given.ways)[:, 0]
        assert torch.allclose(before, after, atol=1e-4) != moves
    weights = own.learned(given.support, given.ways)
    torch.testing.assert_close(
        own.scores(given.support, given.queries, given.ways),
        network.logits(weights, given.queries),
    )


def test_the_meta_update_is_the_mean_move_and_not_zero():
    """Two starts, three tasks each: theta + .4 x mean(phi - theta), from a loop of its own."""
    start, task = random_starts(2, 0), random_task(6, 1)
    updated = reptile.meta_update(NETWORK, start, task, WAYS, 5, 0.3, 0.4)
    for which in range(2):
        theta = slow_net(start, which)
        moves = []
        for own in range(3 * which, 3 * which + 3):
            phi = copy.deepcopy(theta)
            slow_sgd(phi, task, own, 5, 0.3)
            moves.append(flat_start(phi) - flat_start(theta))
        expected = flat_start(theta) + 0.4 * torch.stack(moves).mean(dim=0)
        assert flat_weights(updated, which) == pytest.approx(expected.numpy(), abs=1e-5)
        assert (flat_weights(updated, which) - flat_weights(start, which)).abs().max() > 0.01


def test_adapting_leaves_the_start_as_it_was():
    start, task = random_starts(4, 0), random_task(4, 1)
    before = tuple(tensor.clone() for tensor in start)
    adapted(NETWORK, start, task, WAYS, 5, 0.3)
    reptile.meta_update(NETWORK, start, task, WAYS, 5, 0.3, 0.5)
    assert same(start, before)


def test_tasks_do_not_touch_each_other():
    start, task = random_starts(4, 0), random_task(4, 1)
    together = adapted(NETWORK, start, task, WAYS, 5, 0.3)
    picked = tuple(one[2:3] for one in start)
    alone = adapted(NETWORK, picked, Support(*(t[2:3] for t in task)), WAYS, 5, 0.3)
    assert flat_weights(alone, 0) == pytest.approx(flat_weights(together, 2).numpy(), abs=1e-6)


def test_padding_changes_nothing():
    start, task = random_starts(4, 0), random_task(4, 1)
    task.inputs[:, -1] = 100.0
    longer = adapted(NETWORK, start, task, WAYS, 5, 0.3)
    shorter = adapted(NETWORK, start, Support(*(t[:, :-1] for t in task)), WAYS, 5, 0.3)
    for which in range(4):
        assert flat_weights(longer, which) == pytest.approx(flat_weights(shorter, which).numpy())


def test_a_start_follows_the_seed():
    first, again, other = (NETWORK.start(torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert same(first, again) and not same(first, other)


def test_a_class_without_an_example_is_out_of_the_softmax():
    """Three ways of which two are shown: the weights of a task of two, and zeros."""
    start, task = random_starts(2, 0), random_task(2, 1)
    task = task._replace(labels=task.labels % 2)
    three = adapted(NETWORK, start, task, 3, 5, 0.3)
    two = adapted(NETWORK, start, task, 2, 5, 0.3)
    for told, expected in zip(three[:2], two[:2], strict=True):
        torch.testing.assert_close(told, expected)
    for told, expected in zip(three[2:], two[2:], strict=True):
        torch.testing.assert_close(told[..., :2], expected)
        assert not told[..., 2].any()


def test_a_class_that_one_part_lacks_is_in_its_softmax():
    """One example a step; the class that it is not of is pushed away all the same."""
    start, task = random_starts(1, 0), random_task(1, 1, photographs=2)
    task = task._replace(labels=torch.tensor([[0, 1]]), weights=torch.ones(1, 2))
    net = slow_net(start, 0, ways=2)
    slow_sgd(net, Support(*(one[:, :1] for one in task)), 0, 1, 0.3)
    learned = adapted(NETWORK, start, task, 2, 1, 0.3, parts=2)
    assert flat_weights(learned, 0) == pytest.approx(flat(net).numpy(), abs=1e-6)
    assert learned[-1].flatten().tolist() == pytest.approx([0.15, -0.15])


def test_the_learner_moves_by_the_meta_update():
    """Supports and queries of each task together, the optimiser's rate for epsilon."""
    learner, given = reptile.Reptile(NETWORK, 4, 0.3, 4), learners.episodes(tasks=3)
    start = tuple(one.detach().clone()[None] for one in learner.start)
    learner.update(given, torch.optim.SGD(learner.parameters(), lr=0.25))
    task = whole(given)
    assert task.inputs.shape[1] == len(given.support.labels[0]) + len(given.truth[0])
    expected = reptile.meta_update(NETWORK, start, task, given.ways, 4, 0.3, 0.25)
    for told, one in zip(learner.start, expected, strict=True):
        torch.testing.assert_close(told.data, one[0])


def test_scoring_leaves_the_learner_as_it_was():
    learner, given = reptile.Reptile(NETWORK, 4, 0.3, 4), learners.episodes()
    before = [one.detach().clone() for one in learner.start]
    learner.scores(given.support, given.queries, given.ways)
    assert all(torch.equal(a, b) for a, b in zip(before, learner.start, strict=True))


# The stated task: 160 identities that differ in 8 hidden directions of 64, the other 56 are
# nuisance; 200 episodes of 10 ways among the 80 identities that meta-training never saw.
IDENTITIES, PHOTOGRAPHS, SIGNAL, NUISANCE, EPISODES = 160, 8, 8, 56, 200


def world() -> np.ndarray:
    """Unit vectors, identities x photographs x 64."""
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(SIGNAL + NUISANCE, SIGNAL + NUISANCE)))
    shape = (IDENTITIES, PHOTOGRAPHS)
    signal = rng.normal(size=(IDENTITIES, 1, SIGNAL)) + 0.5 * rng.normal(size=(*shape, SIGNAL))
    both = np.concatenate([signal, 0.7 * rng.normal(size=(*shape, NUISANCE))], axis=2) @ turn.T
    return (both / np.linalg.norm(both, axis=2, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def meta_trained() -> tuple[np.ndarray, Weights]:
    """The vectors, and the start meta-trained on the first half of the identities."""
    vectors = world().reshape(-1, SIGNAL + NUISANCE)
    rows = np.arange(len(vectors)).reshape(IDENTITIES, PHOTOGRAPHS)[: IDENTITIES // 2]
    fresh = np.broadcast_to(np.arange(PHOTOGRAPHS) < 2, rows.shape)
    pools = [episodes.Pool(rows, fresh)]
    return vectors, second_look.meta_trained(pools, vectors, 10, 0, SETTINGS)


def accuracy(start: Weights, vectors: np.ndarray, shots: int) -> np.ndarray:
    """Share right in each of the EPISODES, which are the same for every start."""
    rng = np.random.default_rng(1)
    unseen = [IDENTITIES // 2 + rng.permutation(IDENTITIES // 2)[:10] for _ in range(EPISODES)]
    order = rng.permuted(np.tile(np.arange(PHOTOGRAPHS), (EPISODES, 10, 1)), axis=2)
    rows = np.stack(unseen)[..., None] * PHOTOGRAPHS + order
    task = episodes.support_task(torch.from_numpy(vectors), rows[..., :shots])
    rate, steps = SETTINGS.inner_learning_rate, SETTINGS.adapt_steps
    network = Dense(vectors.shape[1], SETTINGS.hidden)
    learned = adapted(
        network, repeated(tuple(one[0] for one in start), EPISODES), task, 10, steps, rate
    )
    answers = network.logits(learned, torch.from_numpy(vectors[rows[..., shots]])).argmax(dim=2)
    return (answers == torch.arange(10)).float().mean(dim=1).numpy()


@pytest.mark.parametrize("shots", [1, 5])
def test_the_meta_trained_start_beats_a_random_one(meta_trained, shots):
    vectors, start = meta_trained
    network = Dense(vectors.shape[1], SETTINGS.hidden)
    random = tuple(one[None] for one in network.start(torch.Generator().manual_seed(0)))
    found = protocol.paired_interval(
        accuracy(random, vectors, shots),
        accuracy(start, vectors, shots),
        np.ones(EPISODES),
        [str(episode) for episode in range(EPISODES)],
        500,
        0,
    )
    assert found["low"] > 0.1
