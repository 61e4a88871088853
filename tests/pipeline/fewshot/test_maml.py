import pytest
import torch

from pipeline.fewshot.maml import MAML
from pipeline.fewshot.networks import Conv, Dense
from pipeline.fewshot.tasks import Support
from tests.pipeline.fewshot.learners import DIM, PICTURE, WAYS, episodes


def doubled(given):
    """Episodes in double precision: finite differences need it."""
    support = given.support
    support = support._replace(inputs=support.inputs.double(), weights=support.weights.double())
    return given._replace(support=support, queries=given.queries.double())


def learner(network, second_order: bool) -> MAML:
    maml = MAML(network, 3, 0.05, 0.1, second_order).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for one in maml.start:  # scales of 1 and shifts of 0 are like no others
            one += 0.1 * torch.randn(one.shape, generator=generator)
    return maml


@pytest.mark.parametrize(
    "network, shape",
    [(Dense(DIM, 5), (DIM,)), (Conv(PICTURE, 3), PICTURE)],
    ids=["vectors", "pictures"],
)
def test_second_order_gradient_is_that_of_finite_differences(network, shape):
    maml, given = learner(network, True), doubled(episodes(shape, tasks=2))
    maml.loss(given).backward()
    for one in maml.start:
        at = int(one.grad.abs().argmax())
        with torch.no_grad():
            told = [moved_loss(maml, given, one, at, step) for step in (1e-6, -1e-6)]
        assert one.grad.flatten()[at].item() == pytest.approx((told[0] - told[1]) / 2e-6, rel=1e-4)


def moved_loss(maml: MAML, given, one: torch.Tensor, at: int, step: float) -> float:
    one.view(-1)[at] += step
    loss = maml.loss(given).item()
    one.view(-1)[at] -= step
    return loss


def test_first_order_gradient_is_that_at_the_adapted_weights():
    maml, given = learner(Dense(DIM, 5), False), doubled(episodes(tasks=1))
    maml.loss(given).backward()
    with torch.no_grad():
        learned = maml.learned(given.support, WAYS)
    ended = [one.clone().requires_grad_() for one in learned]
    logits = maml.network.logits(tuple(ended), given.queries)
    torch.nn.functional.cross_entropy(logits[0], given.truth[0]).backward()
    for begun, end in zip(maml.start, ended[:2], strict=True):
        torch.testing.assert_close(begun.grad, end.grad[0])


def test_the_output_layer_learns_at_a_rate_of_its_own():
    """A first step, from outputs of zeros, moves it alone, and twice as far at twice the rate."""
    given, ended = episodes(tasks=2), {}
    for rate in (0.1, 0.2):
        maml = MAML(Dense(DIM, 5), 1, 0.3, rate, second_order=False)
        with torch.no_grad():
            ended[rate] = maml.learned(given.support, WAYS)
        for begun, end in zip(maml.start, ended[rate], strict=False):
            assert torch.equal(end, begun.expand_as(end))
    for once, twice in zip(ended[0.1][2:], ended[0.2][2:], strict=True):
        torch.testing.assert_close(2 * once, twice)


@pytest.mark.parametrize("ways", [2, 8])
def test_a_class_of_many_is_learned_as_fast_as_one_of_two(ways):
    """By hand: of equal outputs, a class's moves by the rate times how far its example's features
    are from the mean."""
    inputs = torch.randn(1, ways, DIM, generator=torch.Generator().manual_seed(2))
    support = Support(inputs, torch.arange(ways)[None], torch.ones(1, ways))
    maml = MAML(Dense(DIM, 5), 1, 0.1, 0.1, second_order=False)
    with torch.no_grad():
        hidden, bias, output, _ = maml.learned(support, ways)
    features = torch.relu(inputs[0] @ hidden[0] * DIM**0.5 + bias[0])
    torch.testing.assert_close(output[0].T, 0.1 * (features - features.mean(dim=0)))


def test_the_orders_differ():
    given = doubled(episodes(tasks=2))
    gradients = []
    for second_order in (True, False):
        maml = learner(Dense(DIM, 5), second_order)
        maml.loss(given).backward()
        gradients.append(maml.start[0].grad)
    assert not torch.allclose(*gradients)


def test_transduction_shares_batch_norm_among_queries():
    given = episodes(PICTURE, tasks=1)
    maml = MAML(Conv(PICTURE, 3), 1, 0.05, 0.05, True, transductive=True)
    other = given.queries.clone()
    other[:, 1:] += torch.linspace(0, 3, 16)
    with torch.no_grad():
        first, second = (
            maml.scores(given.support, queries, WAYS) for queries in (given.queries, other)
        )
    assert not torch.allclose(first[:, 0], second[:, 0])
