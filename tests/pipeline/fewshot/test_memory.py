import pytest
import torch
import torch.nn.functional as F

from pipeline.fewshot import encoders
from pipeline.fewshot.external_memory import State
from pipeline.fewshot.memory import Memory
from pipeline.fewshot.tasks import Episodes, Support


@pytest.fixture
def learner() -> Memory:
    """Two ways, three slots of two numbers, one head; inputs of two numbers."""
    torch.manual_seed(0)
    return Memory(encoders.residual(2, 0), 2, 3, 2, 1, 4).eval()


@torch.no_grad()
def test_usage_by_hand(learner):
    """Keys of 0 read all slots equally, and a gate of 1/2 writes half to the last read slot and
    half to the least used one: .95 x (.4, 0, .8) + (1/3, 1/3, 1/3) + (.5, .5, 0)."""
    for layer in (learner.keys, learner.gate):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    state = State(
        torch.ones(1, 3, 2),
        torch.tensor([[[1.0, 0.0, 0.0]]]),
        torch.tensor([[0.4, 0.0, 0.8]]),
        torch.zeros(1, 4),
        torch.zeros(1, 4),
    )
    after, _ = learner.step(state, torch.ones(1, 2), torch.zeros(1, 2))
    assert after.read[0, 0].tolist() == pytest.approx([1 / 3] * 3)
    expected = [0.38 + 1 / 3 + 0.5, 0 + 1 / 3 + 0.5, 0.76 + 1 / 3]
    assert after.usage[0].tolist() == pytest.approx(expected)
    assert after.memory[0].tolist() == [[1, 1], [0, 0], [1, 1]]  # erased, and the key is 0


@torch.no_grad()
def test_every_example_comes_with_the_previous_label(learner, monkeypatch):
    """The first with none; the query with the last example's."""
    labels, step = [], learner.step

    def record(state, vectors, previous):
        labels.append(previous.tolist())
        return step(state, vectors, previous)

    monkeypatch.setattr(learner, "step", record)
    support = Support(torch.randn(1, 3, 2), torch.tensor([[1, 0, 0]]), torch.ones(1, 3))
    learner.score(support, torch.randn(1, 2, 2), 2)
    assert labels == [[[0, 0]], [[0, 1]], [[1, 0]], [[1, 0], [1, 0]]]


def sample_episodes(queries: int) -> Episodes:
    generator = torch.Generator().manual_seed(1)
    support = Support(
        torch.randn(2, 3, 2, generator=generator),
        torch.tensor([[1, 0, 0], [0, 1, 1]]),
        torch.ones(2, 3),
    )
    vectors = torch.randn(2, queries, 2, generator=generator)
    truth = torch.arange(queries).expand(2, -1) % 2
    return Episodes(support, vectors, truth, torch.arange(2).expand(2, -1))


def prototype_loss(learner: Memory, episodes: Episodes) -> float:
    """The prototypes' loss, computed one query at a time."""
    losses = []
    for task in range(len(episodes.truth)):
        examples = learner.encode(episodes.support.inputs)[task]
        queries = learner.encode(episodes.queries)[task]
        for query, right in zip(queries, episodes.truth[task], strict=True):
            labels = episodes.support.labels[task]
            means = [examples[labels == way].mean(dim=0) for way in range(2)]
            weights = torch.stack([(-((query - mean) ** 2).sum() / 8).exp() for mean in means])
            losses.append(-(weights[right] / weights.sum()).log().item())
    return sum(losses) / len(losses)


def test_the_loss_of_a_single_query_is_that_of_its_score_plus_the_prototypes(learner):
    episodes = sample_episodes(1)
    scores = learner.score(episodes.support, episodes.queries, episodes.ways)
    expected = F.cross_entropy(scores.flatten(0, 1), episodes.truth.flatten())
    sequence_loss = learner.loss(episodes).item() - prototype_loss(learner, episodes)
    assert sequence_loss == pytest.approx(expected.item(), abs=1e-5)


def test_vectors_are_normalised_in_training_and_independent_in_evaluation(learner):
    inputs = torch.randn(4, 50, 2) * torch.tensor([0.1, 3.0]) + 7
    vectors = learner.train().encode(inputs).flatten(0, 1)
    torch.testing.assert_close(vectors.mean(dim=0), torch.zeros(2), atol=1e-3, rtol=0)
    torch.testing.assert_close(vectors.std(dim=0), torch.ones(2), atol=1e-2, rtol=0)
    learner.eval()
    torch.testing.assert_close(learner.encode(inputs[:1, :1]), learner.encode(inputs)[:1, :1])


def test_in_training_queries_are_classified_before_their_label_is_revealed(learner, monkeypatch):
    """In any order: a query comes with the label of the previous one. Two thirds are revealed, or
    the last could be answered by elimination."""
    calls, step = [], learner.step
    learner.encoder = learner.normalise = torch.nn.Identity()

    def record(state, vectors, previous):
        calls.append((vectors, previous))
        return step(state, vectors, previous)

    monkeypatch.setattr(learner, "step", record)
    episodes = sample_episodes(6)
    learner.loss(episodes)
    assert len(calls) == 3 + 4
    assert calls[3][1].tolist() == [[1, 0], [0, 1]]  # of the last support
    for (vectors, _), (_, previous) in zip(calls[3:], calls[4:], strict=False):
        for task in range(2):
            position = (episodes.queries[task] == vectors[task]).all(dim=1).nonzero().item()
            assert previous[task].argmax() == episodes.truth[task, position]
