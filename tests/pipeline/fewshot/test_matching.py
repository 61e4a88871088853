import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.matching import SHARPNESS, Matching, in_context
from pipeline.fewshot.tasks import Support
from tests.pipeline.fewshot.learners import DIM, WAYS, episodes


def test_scores_are_the_attention_on_a_class():
    learner, given = Matching(encoders.vectors(DIM, 0), full=False), episodes()
    told = learner.scores(given.support, given.queries, WAYS).exp()
    asked, shown = given.queries[1, 3], given.support.inputs[1]
    weights = [
        torch.exp(SHARPNESS * torch.dot(asked, one) / asked.norm() / one.norm()) for one in shown
    ]
    for way in range(WAYS):
        own = [w for w, label in zip(weights, given.support.labels[1], strict=True) if label == way]
        torch.testing.assert_close(told[1, 3, way], sum(own) / sum(weights), rtol=1e-4, atol=1e-5)


def test_a_class_of_many_is_no_likelier_for_that():
    """Four examples of one class and one of another, all as near, and a place of padding."""
    inputs = torch.eye(DIM)[0].expand(1, 6, DIM)
    labels = torch.tensor([[0, 0, 0, 0, 1, 2]])
    weights = torch.tensor([[0.25, 0.25, 0.25, 0.25, 1.0, 0.0]])
    for full in (False, True):
        learner = Matching(encoders.vectors(DIM, 0), full)
        if full:  # the bi-LSTM tells places apart
            for one in learner.over_examples.parameters():
                torch.nn.init.zeros_(one)
        told = learner.scores(Support(inputs, labels, weights), inputs[:, :1], 3)[0, 0]
        torch.testing.assert_close(told.exp(), torch.tensor([0.5, 0.5, 0.0]))


def test_context_runs_over_the_real_examples_in_both_directions():
    torch.manual_seed(0)
    network = torch.nn.LSTM(2, 2, batch_first=True, bidirectional=True)
    examples = torch.randn(1, 4, 2)
    told = in_context(network, examples, torch.tensor([[1.0, 0.0, 1.0, 1.0]]))
    read, _ = network(examples[:, [0, 2, 3]])
    expected = examples[:, [0, 2, 3]] + read[..., :2] + read[..., 2:]
    torch.testing.assert_close(told[:, [0, 2, 3]], expected)


def test_full_context_lets_examples_see_each_other():
    torch.manual_seed(0)
    learner, given = Matching(encoders.vectors(DIM, 0), full=True), episodes()
    before = learner.scores(given.support, given.queries, WAYS)
    inputs = given.support.inputs.clone()
    inputs[:, 0] += 1.0  # class 0's
    after = learner.scores(given.support._replace(inputs=inputs), given.queries, WAYS)
    # between classes 2 and 3 nothing changes without context
    ratio = (before[..., 2] - before[..., 3]) - (after[..., 2] - after[..., 3])
    assert ratio.abs().max() > 1e-4


def test_the_worst_mistake_still_has_a_gradient():
    """e to the -400 is 0 beside 1 in float32; its logarithm is a number like any other."""
    learner, given = Matching(encoders.vectors(DIM, 0), full=False), episodes(tasks=1, shots=1)
    learner.sharpness.data.fill_(torch.tensor(200.0).log())
    axes = torch.eye(DIM)[:WAYS]
    shown = torch.stack([axes[0], -axes[0], axes[1], axes[2]])[None]
    told = learner.scores(given.support._replace(inputs=shown), shown[:, :1], WAYS)
    torch.testing.assert_close(told[0, 0, 1], torch.tensor(-400.0))
    (-told[0, 0, 1]).backward()
    # d/ds of 2 e^s, at s = log 200
    torch.testing.assert_close(learner.sharpness.grad, torch.tensor(400.0))
