import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.fewshot import encoders
from pipeline.fewshot.memory import Memory, State, look_up, write
from pipeline.fewshot.tasks import Episodes, Support


def test_write_by_hand():
    # one sequence, one head, three slots of two numbers; slot 1 was used least
    memory = torch.tensor([[[1.0, 0.0], [5.0, 5.0], [0.0, 1.0]]])
    read = torch.tensor([[[0.5, 0.0, 0.5]]])
    usage = torch.tensor([[0.9, 0.1, 0.4]])
    keys, gate = torch.tensor([[[2.0, 4.0]]]), torch.tensor([[0.25]])
    after, written = write(memory, read, usage, keys, gate)
    assert written[0, 0].tolist() == [0.125, 0.75, 0.125]
    # slot 1 is wiped first: 0.75 x the key; the others gain an eighth of it
    assert after[0].tolist() == [[1.25, 0.5], [1.5, 3.0], [0.25, 1.5]]


def test_read_by_hand():
    memory = torch.tensor([[[3.0, 0.0], [0.0, 2.0]]])
    weights, found = look_up(memory, torch.tensor([[[5.0, 0.0]]]))
    # ten times the cosines 1 and 0
    first = math.exp(10) / (math.exp(10) + 1)
    assert weights[0, 0].tolist() == pytest.approx([first, 1 - first])
    assert found[0, 0].tolist() == pytest.approx([3 * first, 2 * (1 - first)])


def test_two_heads_write_to_two_slots():
    memory, read = torch.ones(1, 3, 2), torch.zeros(1, 2, 3)
    usage = torch.tensor([[0.5, 0.2, 0.3]])
    keys = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    _, written = write(memory, read, usage, keys, torch.zeros(1, 2))
    assert written[0].argmax(dim=1).tolist() == [1, 2]


@pytest.fixture
def learner() -> Memory:
    """Two ways, three slots of two numbers, one head; inputs of two numbers."""
    torch.manual_seed(0)
    return Memory(encoders.vectors(2, 0), 2, 3, 2, 1, 4).eval()


@torch.no_grad()
def test_what_counts_as_used_by_hand(learner):
    """Keys of 0 read every slot alike, and a gate of 1/2 writes half where it last read and half to
    the slot that was used least: .95 x (.4, 0, .8) + (1/3, 1/3, 1/3) + (.5, .5, 0)."""
    for part in (learner.keys, learner.gate):
        torch.nn.init.zeros_(part.weight)
        torch.nn.init.zeros_(part.bias)
    state = State(
        torch.ones(1, 3, 2),
        torch.tensor([[[1.0, 0.0, 0.0]]]),
        torch.tensor([[0.4, 0.0, 0.8]]),
        torch.zeros(1, 4),
        torch.zeros(1, 4),
    )
    told, _ = learner.step(state, torch.ones(1, 2), torch.zeros(1, 2))
    assert told.read[0, 0].tolist() == pytest.approx([1 / 3] * 3)
    expected = [0.38 + 1 / 3 + 0.5, 0 + 1 / 3 + 0.5, 0.76 + 1 / 3]
    assert told.usage[0].tolist() == pytest.approx(expected)
    assert told.memory[0].tolist() == [[1, 1], [0, 0], [1, 1]]  # wiped, and the key is 0


@torch.no_grad()
def test_every_example_comes_with_the_label_of_the_one_before(learner, monkeypatch):
    """The first with none; the query with the last example's."""
    seen, step = [], learner.step

    def watched(state, vectors, before):
        seen.append(before.tolist())
        return step(state, vectors, before)

    monkeypatch.setattr(learner, "step", watched)
    support = Support(torch.randn(1, 3, 2), torch.tensor([[1, 0, 0]]), torch.ones(1, 3))
    learner.scores(support, torch.randn(1, 2, 2), 2)
    assert seen == [[[0, 0]], [[0, 1]], [[1, 0]], [[1, 0], [1, 0]]]


def lesson(queries: int) -> Episodes:
    generator = torch.Generator().manual_seed(1)
    support = Support(
        torch.randn(2, 3, 2, generator=generator),
        torch.tensor([[1, 0, 0], [0, 1, 1]]),
        torch.ones(2, 3),
    )
    asked = torch.randn(2, queries, 2, generator=generator)
    truth = torch.arange(queries).expand(2, -1) % 2
    return Episodes(support, asked, truth, torch.arange(2).expand(2, -1))


def beside(learner: Memory, given: Episodes) -> float:
    """The prototypes' loss, worked out a query at a time."""
    found = []
    for task in range(len(given.truth)):
        examples = learner.vectors(given.support.inputs)[task]
        asked = learner.vectors(given.queries)[task]
        for query, right in zip(asked, given.truth[task], strict=True):
            means = [examples[given.support.labels[task] == way].mean(dim=0) for way in range(2)]
            shares = torch.stack([(-((query - mean) ** 2).sum() / 8).exp() for mean in means])
            found.append(-(shares[right] / shares.sum()).log().item())
    return sum(found) / len(found)


def test_a_single_query_teaches_as_it_is_scored_and_as_prototypes_do(learner):
    given = lesson(1)
    scores = learner.scores(given.support, given.queries, given.ways)
    expected = F.cross_entropy(scores.flatten(0, 1), given.truth.flatten())
    own = learner.loss(given).item() - beside(learner, given)
    assert own == pytest.approx(expected.item(), abs=1e-5)


def test_vectors_come_without_mean_and_spread_and_a_query_has_no_say_in_them(learner):
    inputs = torch.randn(4, 50, 2) * torch.tensor([0.1, 3.0]) + 7
    told = learner.train().vectors(inputs).flatten(0, 1)
    torch.testing.assert_close(told.mean(dim=0), torch.zeros(2), atol=1e-3, rtol=0)
    torch.testing.assert_close(told.std(dim=0), torch.ones(2), atol=1e-2, rtol=0)
    learner.eval()
    torch.testing.assert_close(learner.vectors(inputs[:1, :1]), learner.vectors(inputs)[:1, :1])


def test_in_a_lesson_queries_are_answered_before_their_label_is_told(learner, monkeypatch):
    """In any order: what comes with a query is the label of the one before it. Two thirds are
    told, or the last could be answered by counting."""
    read, step = [], learner.step
    learner.encoder = learner.level = torch.nn.Identity()

    def watched(state, vectors, before):
        read.append((vectors, before))
        return step(state, vectors, before)

    monkeypatch.setattr(learner, "step", watched)
    given = lesson(6)
    learner.loss(given)
    assert len(read) == 3 + 4
    assert read[3][1].tolist() == [[1, 0], [0, 1]]  # of the last support
    for (vectors, _), (_, before) in zip(read[3:], read[4:], strict=False):
        for task in range(2):
            place = (given.queries[task] == vectors[task]).all(dim=1).nonzero().item()
            assert before[task].argmax() == given.truth[task, place]
