import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.matching import SHARPNESS, Matching, encode_examples
from pipeline.fewshot.tasks import Support
from tests.pipeline.fewshot.synthetic import DIM, WAYS, sample_episodes


def test_a_score_is_the_attention_on_a_class():
    learner, episodes = Matching(encoders.residual(DIM, 0), full=False), sample_episodes()
    scores = learner.score(episodes.support, episodes.queries, WAYS).exp()
    query, examples = episodes.queries[1, 3], episodes.support.inputs[1]
    weights = [
        torch.exp(SHARPNESS * torch.dot(query, example) / query.norm() / example.norm())
        for example in examples
    ]
    for way in range(WAYS):
        pairs = zip(weights, episodes.support.labels[1], strict=True)
        expected = sum(weight for weight, label in pairs if label == way) / sum(weights)
        torch.testing.assert_close(scores[1, 3, way], expected, rtol=1e-4, atol=1e-5)


def test_a_class_is_not_more_likely_for_having_more_examples():
    """Four examples of one class and one of another, all equally near, and one place of padding."""
    inputs = torch.eye(DIM)[0].expand(1, 6, DIM)
    labels = torch.tensor([[0, 0, 0, 0, 1, 2]])
    weights = torch.tensor([[0.25, 0.25, 0.25, 0.25, 1.0, 0.0]])
    for full in (False, True):
        learner = Matching(encoders.residual(DIM, 0), full)
        if full:  # the output of the bi-LSTM depends on the position
            for parameter in learner.context.over_examples.parameters():
                torch.nn.init.zeros_(parameter)
        scores = learner.score(Support(inputs, labels, weights), inputs[:, :1], 3)[0, 0]
        torch.testing.assert_close(scores.exp(), torch.tensor([0.5, 0.5, 0.0]))


def test_the_context_skips_padding_in_both_directions():
    torch.manual_seed(0)
    network = torch.nn.LSTM(2, 2, batch_first=True, bidirectional=True)
    examples = torch.randn(1, 4, 2)
    encoded = encode_examples(network, examples, torch.tensor([[1.0, 0.0, 1.0, 1.0]]))
    outputs, _ = network(examples[:, [0, 2, 3]])
    expected = examples[:, [0, 2, 3]] + outputs[..., :2] + outputs[..., 2:]
    torch.testing.assert_close(encoded[:, [0, 2, 3]], expected)


def test_full_context_makes_examples_depend_on_each_other():
    torch.manual_seed(0)
    learner, episodes = Matching(encoders.residual(DIM, 0), full=True), sample_episodes()
    before = learner.score(episodes.support, episodes.queries, WAYS)
    inputs = episodes.support.inputs.clone()
    inputs[:, 0] += 1.0  # an example of class 0
    after = learner.score(episodes.support._replace(inputs=inputs), episodes.queries, WAYS)
    # without context, the difference of classes 2 and 3 would not change
    change = (before[..., 2] - before[..., 3]) - (after[..., 2] - after[..., 3])
    assert change.abs().max() > 1e-4


def test_a_vanishing_probability_still_has_a_gradient():
    """e to the -400 is 0 beside 1 in float32; its logarithm is a number like any other."""
    learner = Matching(encoders.residual(DIM, 0), full=False)
    episodes = sample_episodes(tasks=1, shots=1)
    learner.sharpness.data.fill_(torch.tensor(200.0).log())
    axes = torch.eye(DIM)[:WAYS]
    examples = torch.stack([axes[0], -axes[0], axes[1], axes[2]])[None]
    support = episodes.support._replace(inputs=examples)
    scores = learner.score(support, examples[:, :1], WAYS)
    torch.testing.assert_close(scores[0, 0, 1], torch.tensor(-400.0))
    (-scores[0, 0, 1]).backward()
    # d/ds of 2 e^s, at s = log 200
    torch.testing.assert_close(learner.sharpness.grad, torch.tensor(400.0))
