import pytest
import torch

from pipeline.fewshot.inner_loop import InnerLoop
from pipeline.fewshot.maml import MAML
from pipeline.fewshot.networks import Conv, Dense
from pipeline.fewshot.tasks import Episodes, Support
from tests.pipeline.fewshot.synthetic import DIM, IMAGE, WAYS, sample_episodes


def to_double(episodes: Episodes) -> Episodes:
    """Episodes in double precision, which finite differences need."""
    support = episodes.support
    support = support._replace(inputs=support.inputs.double(), weights=support.weights.double())
    return episodes._replace(support=support, queries=episodes.queries.double())


def build_learner(network: Dense | Conv, second_order: bool) -> MAML:
    maml = MAML(network, InnerLoop(3, 0.05, 0.1, second_order=second_order)).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in maml.start:  # initial scales are all 1, and shifts all 0
            weight += 0.1 * torch.randn(weight.shape, generator=generator)
    return maml


@pytest.mark.parametrize(
    "network, shape",
    [(Dense(DIM, 5), (DIM,)), (Conv(IMAGE, 3), IMAGE)],
    ids=["vectors", "images"],
)
def test_the_second_order_gradient_equals_finite_differences(network, shape):
    maml, episodes = build_learner(network, True), to_double(sample_episodes(shape, tasks=2))
    maml.loss(episodes).backward()
    for weight in maml.start:
        entry = int(weight.grad.abs().argmax())
        with torch.no_grad():
            losses = [loss_after(maml, episodes, weight, entry, step) for step in (1e-6, -1e-6)]
        expected = (losses[0] - losses[1]) / 2e-6
        assert weight.grad.flatten()[entry].item() == pytest.approx(expected, rel=1e-4)


def loss_after(
    maml: MAML, episodes: Episodes, weight: torch.Tensor, entry: int, step: float
) -> float:
    """The loss with one entry of the weights moved by a step."""
    weight.view(-1)[entry] += step
    loss = maml.loss(episodes).item()
    weight.view(-1)[entry] -= step
    return loss


def test_the_first_order_gradient_is_taken_at_the_adapted_weights():
    maml, episodes = build_learner(Dense(DIM, 5), False), to_double(sample_episodes(tasks=1))
    maml.loss(episodes).backward()
    with torch.no_grad():
        adapted = maml.adapt(episodes.support, WAYS)
    leaves = [weight.clone().requires_grad_() for weight in adapted]
    logits = maml.network.logits(tuple(leaves), episodes.queries)
    torch.nn.functional.cross_entropy(logits[0], episodes.truth[0]).backward()
    for start, leaf in zip(maml.start, leaves[:2], strict=True):
        torch.testing.assert_close(start.grad, leaf.grad)


def test_the_output_layer_has_a_separate_learning_rate():
    """The first step, from outputs of zeros, moves it alone, and twice as far at twice the rate."""
    episodes, adapted = sample_episodes(tasks=2), {}
    for rate in (0.1, 0.2):
        maml = MAML(Dense(DIM, 5), InnerLoop(1, 0.3, rate))
        with torch.no_grad():
            adapted[rate] = maml.adapt(episodes.support, WAYS)
        for start, weight in zip(maml.start, adapted[rate], strict=False):
            assert torch.equal(weight, start.expand_as(weight))
    for once, twice in zip(adapted[0.1][2:], adapted[0.2][2:], strict=True):
        torch.testing.assert_close(2 * once, twice)


@pytest.mark.parametrize("ways", [2, 8])
def test_the_number_of_ways_does_not_slow_down_a_class(ways):
    """By hand: from equal outputs, the weights of a class move by the rate times the difference
    of its example's features from the mean."""
    inputs = torch.randn(1, ways, DIM, generator=torch.Generator().manual_seed(2))
    support = Support(inputs, torch.arange(ways)[None], torch.ones(1, ways))
    maml = MAML(Dense(DIM, 5), InnerLoop(1, 0.1))
    with torch.no_grad():
        hidden, bias, output, _ = maml.adapt(support, ways)
    features = torch.relu(inputs[0] @ hidden[0] * DIM**0.5 + bias[0])
    torch.testing.assert_close(output[0].T, 0.1 * (features - features.mean(dim=0)))


def test_first_and_second_order_gradients_differ():
    episodes = to_double(sample_episodes(tasks=2))
    gradients = []
    for second_order in (True, False):
        maml = build_learner(Dense(DIM, 5), second_order)
        maml.loss(episodes).backward()
        gradients.append(maml.start[0].grad)
    assert not torch.allclose(*gradients)


def test_transductive_batch_norm_averages_over_the_queries():
    episodes = sample_episodes(IMAGE, tasks=1)
    maml = MAML(Conv(IMAGE, 3), InnerLoop(1, 0.05, second_order=True), transductive=True)
    other = episodes.queries.clone()
    other[:, 1:] += torch.linspace(0, 3, 16)
    with torch.no_grad():
        first, second = (
            maml.score(episodes.support, queries, WAYS) for queries in (episodes.queries, other)
        )
    assert not torch.allclose(first[:, 0], second[:, 0])
