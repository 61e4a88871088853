import torch

from pipeline.fewshot.meta_lstm import MetaLSTM, flat, logged, parted
from pipeline.fewshot.networks import Dense, begun
from tests.pipeline.fewshot.learners import DIM, WAYS, episodes


def test_logged_numbers_by_hand():
    told = logged(torch.tensor([1.0, -(torch.e**5), torch.e**-11]))
    expected = [[0.0, 1.0], [0.5, -1.0], [-1.0, torch.e**-1]]
    torch.testing.assert_close(told, torch.tensor(expected), rtol=1e-4, atol=1e-4)


def test_flat_and_back():
    weights = (torch.randn(2, 3, 4), torch.randn(2, 1, 5))
    told = parted(flat(weights), [torch.Size([3, 4]), torch.Size([1, 5])])
    assert all(torch.equal(a, b) for a, b in zip(told, weights, strict=True))


def test_open_gates_are_gradient_descent():
    # forget gate 1, input gate 1 / 2: one step of descent at rate 1 / 2
    learner, given = MetaLSTM(Dense(DIM, 5), 1), episodes(tasks=2)
    with torch.no_grad():
        learner.gates.weight.zero_()
        learner.gates.bias.copy_(torch.tensor([100.0, 0.0]))
    told = learner.learned(given.support, WAYS)
    start = tuple(one.detach()[None].repeat(2, *[1] * one.ndim) for one in learner.start)
    start = begun(learner.network, start, WAYS)
    gradient, _ = learner._gradient(start, given.support, WAYS)
    torch.testing.assert_close(flat(told), flat(start) - 0.5 * gradient)
