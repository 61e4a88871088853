"""What holds for every learner."""

import pytest
import torch

from pipeline.fewshot.tasks import Episodes, Support
from tests.pipeline.fewshot.learners import DIM, PICTURE, WAYS, WORLDS, episodes, learners

NAMES = list(learners((DIM,)))
TRANSDUCTIVE = {"pt_map"}
LOUD = 3.0
CONVOLVING = {"maml", "fomaml", "reptile", "meta_lstm"}
SHAPES = pytest.mark.parametrize("shape", [(DIM,), PICTURE], ids=["vectors", "pictures"])


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


def made(name: str, shape: tuple[int, ...] = (DIM,)):
    torch.manual_seed(0)
    return learners(shape)[name]()


def settled(name: str, shape: tuple[int, ...] = (DIM,)):
    """A learner that saw a few tasks, as it answers."""
    learner = made(name, shape)
    rate = 0.05 if shape == (DIM,) else 0.005
    optimiser = torch.optim.Adam(learner.parameters(), lr=rate)
    for seed in range(3):
        learner.update(episodes(shape, seed=seed), optimiser)
    learner.eval()
    learner.settle([episodes(shape, seed=9)])
    return learner


@torch.no_grad()
def scores(learner, given) -> torch.Tensor:
    return learner.scores(given.support, given.queries, given.ways)


def right(learner, given) -> float:
    """The share of queries that are answered right."""
    return (scores(learner, given).argmax(dim=-1) == given.truth).float().mean().item()


@SHAPES
def test_scores_every_query_for_every_class(name, shape):
    learner = made(name, shape)
    given = episodes(shape)
    learner.eval()
    assert scores(learner, given).shape == (3, 2 * WAYS, WAYS)


@SHAPES
def test_an_update_changes_what_is_learned(name, shape):
    learner = made(name, shape)
    before = [one.detach().clone() for one in learner.parameters()]
    loss = learner.update(episodes(shape), torch.optim.SGD(learner.parameters(), lr=0.5))
    assert loss > 0
    assert any(
        not torch.equal(old, new) for old, new in zip(before, learner.parameters(), strict=True)
    )


def test_learns_to_tell_classes_apart(name):
    """Of classes never seen; half of each vector's numbers are loud and tell nothing."""
    learner, given = made(name), episodes(tasks=40, shots=3, seed=7, world=99, loud=LOUD)
    untaught = right(learner.eval(), given)
    learner.train()
    rate = 0.5 if name == "reptile" else 0.01
    optimiser = torch.optim.Adam(learner.parameters(), lr=rate)
    # the outer memory needs more lessons than the others, and long ones (Santoro et al., figure 2)
    lessons, queries = (600, 6) if name == "memory" else (300, 2)
    for seed in range(lessons):
        own = episodes(tasks=8, shots=3, queries=queries, seed=seed, world=seed % WORLDS, loud=LOUD)
        learner.update(own, optimiser)
    learner.eval()
    learner.settle([own])
    assert right(learner, given) > untaught + 0.1


@SHAPES
def test_no_query_has_a_say_in_anothers_scores(name, shape):
    """Pictures go through batch norm, which would mix them."""
    if name in TRANSDUCTIVE:
        pytest.skip("it is meant to")
    learner, given = settled(name, shape), episodes(shape, seed=5)
    before = scores(learner, given)
    other = given.queries.clone()
    other[:, 1:] += 3.0
    after = scores(learner, given._replace(queries=other))
    torch.testing.assert_close(after[:, 0], before[:, 0])
    assert not torch.allclose(after[:, 1:], before[:, 1:])


def padded(given: Episodes) -> Episodes:
    """With two examples more that are none."""
    inputs, labels, weights = given.support
    support = Support(
        torch.cat([inputs, torch.full_like(inputs[:, :2], 7.0)], dim=1),
        torch.cat([labels, labels[:, :2]], dim=1),
        torch.cat([weights, torch.zeros_like(weights[:, :2])], dim=1),
    )
    return given._replace(support=support)


def test_padding_has_no_say(name):
    learner, given = settled(name), episodes(seed=5)
    before = scores(learner, given)
    torch.testing.assert_close(scores(learner, padded(given)), before)


@SHAPES
def test_padding_has_no_say_in_what_is_learned(name, shape):
    """Nor in the means that batch norm keeps, though it sees all that it is given in training."""
    if name in CONVOLVING and shape == PICTURE:
        pytest.skip("these adapt a network that takes no padding")
    told = []
    for given in (episodes(shape, seed=5), padded(episodes(shape, seed=5))):
        learner = made(name, shape)
        torch.manual_seed(1)  # the memory network's order of queries
        learner.update(given, torch.optim.SGD(learner.parameters(), lr=0.1))
        told.append(learner.state_dict())
    for key, one in told[0].items():
        torch.testing.assert_close(told[1][key], one, rtol=1e-4, atol=1e-5)


def test_a_class_without_an_example_is_no_answer(name):
    learner, given = settled(name), episodes(seed=5)
    weights = torch.where(given.support.labels == 2, 0.0, 1.0)
    told = scores(learner, given._replace(support=given.support._replace(weights=weights)))
    assert torch.isneginf(told[..., 2]).all()
    assert torch.isfinite(told[..., [0, 1, 3]]).all()


def test_one_task_is_answered_as_among_others(name):
    learner, given = settled(name), episodes(seed=5)
    alone = given._replace(
        support=Support(*(one[1:2] for one in given.support)),
        queries=given.queries[1:2],
        truth=given.truth[1:2],
        classes=given.classes[1:2],
    )
    torch.testing.assert_close(scores(learner, alone)[0], scores(learner, given)[1])
