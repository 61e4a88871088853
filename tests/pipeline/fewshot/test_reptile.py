"""The meta-update against a slow reference, and meta-training on a task of known difficulty."""

import copy
from functools import partial

import numpy as np
import pytest
import torch

from pipeline import params
from pipeline.evaluation import protocol
from pipeline.fewshot.fit import FitSettings, fit, linear_decay
from pipeline.fewshot.inner_loop import InnerLoop
from pipeline.fewshot.networks import Conv, Dense
from pipeline.fewshot.reptile import Reptile
from pipeline.fewshot.tasks import Episodes, Support, build_support, merge_sets
from pipeline.steps.rerank import pools
from tests.conftest import ROOT
from tests.pipeline.fewshot import synthetic
from tests.pipeline.fewshot.reference import (
    NETWORK,
    WAYS,
    build_module,
    flatten_start,
    flatten_weights,
    random_starts,
    random_support,
    train_module,
)

SETTINGS = params.load(ROOT / "tests/params.yaml").rerank.reptile


def build_learner(loop: InnerLoop, starts: int = 1) -> Reptile:
    """A learner whose starts differ in every layer."""
    learner = Reptile(NETWORK, loop, 4, starts)
    with torch.no_grad():
        for weight, value in zip(learner.start, random_starts(starts, 0), strict=True):
            weight.copy_(value)
    return learner


def without_queries(support: Support) -> Episodes:
    inputs, labels, _ = support
    classes = torch.arange(WAYS).expand(len(labels), -1)
    return Episodes(support, inputs[:, :0], labels[:, :0], classes)


def update(learner: Reptile, episodes: Episodes, rate: float) -> None:
    learner.update(episodes, torch.optim.SGD(learner.parameters(), lr=rate))


def test_the_meta_update_is_the_mean_move_and_not_zero():
    """Two starts, three tasks each: theta + .4 x mean(phi - theta), from a separate loop."""
    support, start = random_support(6, 1), random_starts(2, 0)
    learner = build_learner(InnerLoop(5, 0.3), starts=2)
    update(learner, without_queries(support), 0.4)
    updated = tuple(weight.detach() for weight in learner.start)
    for number in range(2):
        theta = build_module(start, number)
        moves = []
        for task in range(3 * number, 3 * number + 3):
            phi = copy.deepcopy(theta)
            train_module(phi, support, task, 5, 0.3)
            moves.append(flatten_start(phi) - flatten_start(theta))
        expected = flatten_start(theta) + 0.4 * torch.stack(moves).mean(dim=0)
        assert flatten_weights(updated, number) == pytest.approx(expected.numpy(), abs=1e-5)
        change = flatten_weights(updated, number) - flatten_weights(start, number)
        assert change.abs().max() > 0.01


def test_the_meta_update_uses_the_minibatches_in_turn():
    """Seven examples in three parts: 0, 3, 6, then 1, 4, then 2, 5, then 0, 3, 6 again."""
    start, support = random_starts(1, 0), random_support(1, 1)
    support = support._replace(weights=torch.ones(1, 7))
    module = build_module(start, 0)
    for rows in ([0, 3, 6], [1, 4], [2, 5], [0, 3, 6]):
        train_module(module, Support(*(values[:, rows] for values in support)), 0, 1, 0.3)
    learner = build_learner(InnerLoop(4, 0.3, minibatches=3))
    update(learner, without_queries(support), 1.0)
    updated = flatten_weights(tuple(weight.detach() for weight in learner.start), 0)
    assert updated == pytest.approx(flatten_start(module).numpy(), abs=1e-5)


def test_support_and_query_sets_are_used_together():
    episodes = synthetic.sample_episodes(tasks=3)
    merged = merge_sets(episodes)
    assert merged.inputs.shape[1] == len(episodes.support.labels[0]) + len(episodes.truth[0])
    inputs, labels, _ = merged
    alone = Episodes(merged, inputs[:, :0], labels[:, :0], episodes.classes)
    first, second = (Reptile(NETWORK, InnerLoop(4, 0.3), 4) for _ in range(2))
    update(first, episodes, 0.25)
    update(second, alone, 0.25)
    for weight, other in zip(first.start, second.start, strict=True):
        assert torch.equal(weight, other)


def test_transductive_batch_norm_averages_over_the_queries_alone():
    """They change each other's scores; the support set matters only through the weights."""
    network = Conv(synthetic.IMAGE, 4)
    episodes = synthetic.sample_episodes(synthetic.IMAGE)
    transductive, plain = (
        Reptile(network, InnerLoop(2, 0.1), 2, transductive=value) for value in (True, False)
    )
    update(transductive, episodes, 0.5)
    plain.load_state_dict(transductive.state_dict())
    others = episodes.queries.clone()
    others[:, 1:] *= 3.0
    for learner, changes in ((transductive, True), (plain, False)):
        before = learner.score(episodes.support, episodes.queries, episodes.ways)[:, 0]
        after = learner.score(episodes.support, others, episodes.ways)[:, 0]
        assert torch.allclose(before, after, atol=1e-4) != changes
    weights = transductive.adapt(episodes.support, episodes.ways)
    torch.testing.assert_close(
        transductive.score(episodes.support, episodes.queries, episodes.ways),
        network.logits(weights, episodes.queries),
    )


def test_the_start_depends_on_the_seed_alone():
    first, again, other = (
        NETWORK.initial_weights(torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_scoring_leaves_the_learner_unchanged():
    learner, episodes = Reptile(NETWORK, InnerLoop(4, 0.3), 4), synthetic.sample_episodes()
    before = [weight.detach().clone() for weight in learner.start]
    learner.score(episodes.support, episodes.queries, episodes.ways)
    assert all(torch.equal(a, b) for a, b in zip(before, learner.start, strict=True))


def test_a_task_is_scored_from_the_start_of_its_number():
    support = random_support(3, 1)
    queries = torch.nn.functional.normalize(torch.randn(3, 2, support.inputs.shape[2]), dim=2)
    both = build_learner(InnerLoop(4, 0.3), starts=2)
    with torch.no_grad():
        scores = both.score_from(torch.tensor([1, 0, 1]), support, queries, WAYS)
        alone = Reptile(NETWORK, InnerLoop(4, 0.3), 4)
        for number, rows in ((0, [1]), (1, [0, 2])):
            for weight, starts in zip(alone.start, both.start, strict=True):
                weight.copy_(starts[number : number + 1])
            part = Support(*(values[rows] for values in support))
            zeros = torch.zeros(len(rows), dtype=int)
            expected = alone.score_from(zeros, part, queries[rows], WAYS)
            torch.testing.assert_close(scores[rows], expected)


# 160 identities that differ in 8 hidden directions of 64, the other 56 are nuisance; evaluated on
# 200 episodes of 10 ways among the 80 identities that are not in meta-training.
IDENTITIES, PHOTOGRAPHS, SIGNAL, NUISANCE, EPISODES = 160, 8, 8, 56, 200


def sample_world() -> np.ndarray:
    """Unit vectors, identities x photographs x 64."""
    rng = np.random.default_rng(0)
    rotation, _ = np.linalg.qr(rng.normal(size=(SIGNAL + NUISANCE, SIGNAL + NUISANCE)))
    shape = (IDENTITIES, PHOTOGRAPHS)
    signal = rng.normal(size=(IDENTITIES, 1, SIGNAL)) + 0.5 * rng.normal(size=(*shape, SIGNAL))
    nuisance = 0.7 * rng.normal(size=(*shape, NUISANCE))
    vectors = np.concatenate([signal, nuisance], axis=2) @ rotation.T
    return (vectors / np.linalg.norm(vectors, axis=2, keepdims=True)).astype(np.float32)


def build_from_settings() -> Reptile:
    loop = InnerLoop(SETTINGS.inner_steps, SETTINGS.inner_learning_rate)
    network = Dense(SIGNAL + NUISANCE, SETTINGS.hidden)
    return Reptile(network, loop, SETTINGS.adapt_steps, transductive=True)


@pytest.fixture(scope="module")
def trained() -> tuple[np.ndarray, Reptile]:
    """The vectors, and a learner that was meta-trained on the first half of the identities."""
    vectors = sample_world().reshape(-1, SIGNAL + NUISANCE)
    rows = np.arange(len(vectors)).reshape(IDENTITIES, PHOTOGRAPHS)[: IDENTITIES // 2]
    pool = pools.Pool(rows, np.broadcast_to(np.arange(PHOTOGRAPHS) < 2, rows.shape))
    rngs = [np.random.default_rng([0, 0])]
    size = min(SETTINGS.ways, 10), SETTINGS.shots
    tensor, tasks = torch.from_numpy(vectors), SETTINGS.meta_batch
    sample = partial(pools.sample_episodes, [pool], tasks, size, tensor, rngs)
    learner = build_from_settings()
    settings = FitSettings(SETTINGS.meta_steps, SETTINGS.meta_learning_rate, linear_decay)
    fit(learner, lambda step: sample(), settings, "reptile")
    return vectors, learner


def accuracies(learner: Reptile, vectors: np.ndarray, shots: int) -> np.ndarray:
    """The fraction right in each of the EPISODES, which are the same for every learner."""
    rng = np.random.default_rng(1)
    unseen = [IDENTITIES // 2 + rng.permutation(IDENTITIES // 2)[:10] for _ in range(EPISODES)]
    order = rng.permuted(np.tile(np.arange(PHOTOGRAPHS), (EPISODES, 10, 1)), axis=2)
    rows = np.stack(unseen)[..., None] * PHOTOGRAPHS + order
    support = build_support(torch.from_numpy(vectors), rows[..., :shots])
    queries = torch.from_numpy(vectors[rows[..., shots]])
    predicted = learner.score(support, queries, 10).argmax(dim=2)
    return (predicted == torch.arange(10)).float().mean(dim=1).numpy()


@pytest.mark.parametrize("shots", [1, 5])
def test_the_meta_trained_start_beats_a_random_one(trained, shots):
    vectors, learner = trained
    gain = protocol.paired_interval(
        accuracies(build_from_settings(), vectors, shots),
        accuracies(learner, vectors, shots),
        np.ones(EPISODES),
        [str(episode) for episode in range(EPISODES)],
        500,
        0,
    )
    assert gain["low"] > 0.1
