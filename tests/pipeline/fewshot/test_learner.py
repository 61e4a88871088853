"""Behaviour that all learners share."""

import pytest
import torch

from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Episodes, Support
from tests.pipeline.fewshot.synthetic import (
    DIM,
    IMAGE,
    WAYS,
    WORLDS,
    build_learners,
    sample_episodes,
)

NAMES = list(build_learners((DIM,)))
TRANSDUCTIVE = {"pt_map"}
NOISE = 3.0
CONVOLUTIONAL = {"maml", "fomaml", "reptile", "meta_lstm"}
SHAPES = pytest.mark.parametrize("shape", [(DIM,), IMAGE], ids=["vectors", "images"])


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


def build(name: str, shape: tuple[int, ...] = (DIM,)) -> Learner:
    torch.manual_seed(0)
    return build_learners(shape)[name]()


def train(name: str, shape: tuple[int, ...] = (DIM,)) -> Learner:
    """A learner in evaluation mode after a few updates."""
    learner = build(name, shape)
    rate = 0.05 if shape == (DIM,) else 0.005
    optimizer = torch.optim.Adam(learner.parameters(), lr=rate)
    for seed in range(3):
        learner.update(sample_episodes(shape, seed=seed), optimizer)
    learner.eval()
    learner.finish_training([sample_episodes(shape, seed=9)])
    return learner


@torch.no_grad()
def score(learner: Learner, episodes: Episodes) -> torch.Tensor:
    return learner.score(episodes.support, episodes.queries, episodes.ways)


def accuracy(learner: Learner, episodes: Episodes) -> float:
    """The fraction of queries that are classified right."""
    return (score(learner, episodes).argmax(dim=-1) == episodes.truth).float().mean().item()


@SHAPES
def test_every_query_gets_a_score_for_every_class(name, shape):
    learner = build(name, shape)
    episodes = sample_episodes(shape)
    learner.eval()
    assert score(learner, episodes).shape == (3, 2 * WAYS, WAYS)


@SHAPES
def test_an_update_changes_the_parameters(name, shape):
    learner = build(name, shape)
    before = [weight.detach().clone() for weight in learner.parameters()]
    optimizer = torch.optim.SGD(learner.parameters(), lr=0.5)
    loss = learner.update(sample_episodes(shape), optimizer)
    assert loss > 0
    assert any(
        not torch.equal(old, new) for old, new in zip(before, learner.parameters(), strict=True)
    )


def test_training_improves_the_accuracy_on_unseen_classes(name):
    """Half of each vector's components are loud noise that does not depend on the class."""
    learner = build(name)
    episodes = sample_episodes(tasks=40, shots=3, seed=7, world=99, noise=NOISE)
    untrained = accuracy(learner.eval(), episodes)
    learner.train()
    rate = 0.5 if name == "reptile" else 0.01
    optimizer = torch.optim.Adam(learner.parameters(), lr=rate)
    # the memory network needs more steps than the others, and longer tasks (Santoro et al., fig. 2)
    steps, queries = (600, 6) if name == "memory" else (300, 2)
    for seed in range(steps):
        size = {"tasks": 8, "shots": 3, "queries": queries}
        batch = sample_episodes(**size, seed=seed, world=seed % WORLDS, noise=NOISE)
        learner.update(batch, optimizer)
        # far above what is asked for, so that looking several times finds no luck
        if seed % 50 == 49 and measure(learner, batch, episodes) > untrained + 0.2:
            return
    assert measure(learner, batch, episodes) > untrained + 0.1


def measure(learner, batch, episodes) -> float:
    """The accuracy as if training ended now; the learner goes on training."""
    learner.eval()
    learner.finish_training([batch])
    value = accuracy(learner, episodes)
    learner.train()
    return value


@SHAPES
def test_a_query_does_not_influence_the_scores_of_another(name, shape):
    """Images go through batch norm, which would mix them."""
    if name in TRANSDUCTIVE:
        pytest.skip("transductive")
    learner, episodes = train(name, shape), sample_episodes(shape, seed=5)
    before = score(learner, episodes)
    other = episodes.queries.clone()
    other[:, 1:] += 3.0
    after = score(learner, episodes._replace(queries=other))
    torch.testing.assert_close(after[:, 0], before[:, 0])
    assert not torch.allclose(after[:, 1:], before[:, 1:])


def pad(episodes: Episodes) -> Episodes:
    """The same episodes with two places of padding per support set."""
    inputs, labels, weights = episodes.support
    support = Support(
        torch.cat([inputs, torch.full_like(inputs[:, :2], 7.0)], dim=1),
        torch.cat([labels, labels[:, :2]], dim=1),
        torch.cat([weights, torch.zeros_like(weights[:, :2])], dim=1),
    )
    return episodes._replace(support=support)


def test_padding_does_not_change_the_scores(name):
    learner, episodes = train(name), sample_episodes(seed=5)
    before = score(learner, episodes)
    torch.testing.assert_close(score(learner, pad(episodes)), before)


@SHAPES
def test_padding_does_not_change_an_update(name, shape):
    """Nor the running means of batch norm, which averages over its whole input in training."""
    if name in CONVOLUTIONAL and shape == IMAGE:
        pytest.skip("these adapt a network that does not support padding")
    states = []
    for episodes in (sample_episodes(shape, seed=5), pad(sample_episodes(shape, seed=5))):
        learner = build(name, shape)
        torch.manual_seed(1)  # the memory network's order of queries
        learner.update(episodes, torch.optim.SGD(learner.parameters(), lr=0.1))
        states.append(learner.state_dict())
    for key, value in states[0].items():
        torch.testing.assert_close(states[1][key], value, rtol=1e-4, atol=1e-5)


def test_a_class_without_example_scores_minus_infinity(name):
    learner, episodes = train(name), sample_episodes(seed=5)
    weights = torch.where(episodes.support.labels == 2, 0.0, 1.0)
    support = episodes.support._replace(weights=weights)
    scores = score(learner, episodes._replace(support=support))
    assert torch.isneginf(scores[..., 2]).all()
    assert torch.isfinite(scores[..., [0, 1, 3]]).all()


def test_a_task_is_scored_alike_alone_and_in_a_batch(name):
    learner, episodes = train(name), sample_episodes(seed=5)
    alone = episodes._replace(
        support=Support(*(values[1:2] for values in episodes.support)),
        queries=episodes.queries[1:2],
        truth=episodes.truth[1:2],
        classes=episodes.classes[1:2],
    )
    torch.testing.assert_close(score(learner, alone)[0], score(learner, episodes)[1])
