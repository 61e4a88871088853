import torch

from pipeline.fewshot.meta_lstm import (
    MetaLSTM,
    flatten_weights,
    log_and_sign,
    unflatten_weights,
)
from pipeline.fewshot.networks import Dense, add_output_layer, repeat_weights
from tests.pipeline.fewshot.synthetic import DIM, WAYS, sample_episodes


def test_log_and_sign_by_hand():
    numbers = log_and_sign(torch.tensor([1.0, -(torch.e**5), torch.e**-11]))
    expected = [[0.0, 1.0], [0.5, -1.0], [-1.0, torch.e**-1]]
    torch.testing.assert_close(numbers, torch.tensor(expected), rtol=1e-4, atol=1e-4)


def test_unflatten_is_the_inverse_of_flatten():
    weights = (torch.randn(2, 3, 4), torch.randn(2, 1, 5))
    shapes = [torch.Size([3, 4]), torch.Size([1, 5])]
    restored = unflatten_weights(flatten_weights(weights), shapes)
    assert all(torch.equal(a, b) for a, b in zip(restored, weights, strict=True))


def test_open_gates_are_gradient_descent():
    # forget gate 1, input gate 1 / 2: one step of descent at rate 1 / 2
    learner, episodes = MetaLSTM(Dense(DIM, 5), 1), sample_episodes(tasks=2)
    with torch.no_grad():
        learner.gates.weight.zero_()
        learner.gates.bias.copy_(torch.tensor([100.0, 0.0]))
    adapted = learner.adapt(episodes.support, WAYS)
    start = repeat_weights(tuple(weight.detach().clone() for weight in learner.start), 2)
    start = add_output_layer(learner.network, tuple(weight.clone() for weight in start), WAYS)
    gradient, _ = learner._gradient(start, episodes.support, WAYS)
    expected = flatten_weights(start) - 0.5 * gradient
    torch.testing.assert_close(flatten_weights(adapted), expected)
