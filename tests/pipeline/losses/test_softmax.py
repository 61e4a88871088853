"""Softmax against a slow, obvious loop; new_whale, mirror images and samples, with margins too."""

import math

import pytest
import torch

from pipeline.losses.margins import ArcFace, CosFace, SphereFace
from pipeline.losses.softmax import Softmax, leave_out_identities
from tests.pipeline.losses.synthetic import MARGINS_OFF, batch, identities

PLAIN = dict(smoothing=0.0, unknown_weight=0.0, symmetric=0.0, sampled=1.0)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_plain_softmax_is_a_linear_layer_and_smoothed_cross_entropy(smoothing):
    loss = Softmax(3, identities(4), **(PLAIN | {"smoothing": smoothing})).double()
    embeddings, labels = batch(3, 3), torch.tensor([2, -1, 0])
    expected = 0.0
    for embedding, label in zip(embeddings.tolist(), labels.tolist(), strict=True):
        if label == -1:
            continue
        rows = zip(loss.linear.weight.tolist(), loss.linear.bias.tolist(), strict=True)
        logits = [sum(a * b for a, b in zip(embedding, row, strict=True)) + c for row, c in rows]
        whole = math.log(sum(math.exp(x) for x in logits))
        right = (1 - smoothing) * (whole - logits[label])
        expected += (right + smoothing * sum(whole - x for x in logits) / 4) / 2
    assert loss(embeddings, labels).item() == pytest.approx(expected)


@pytest.mark.parametrize("kind", [Softmax, ArcFace, CosFace, SphereFace])
def test_new_whale_is_left_out_with_unknown_weight_0(kind):
    embeddings = batch(6, 4).requires_grad_()
    labels = torch.tensor([0, -1, 2, -1, 1, 0])
    known = labels >= 0
    values = PLAIN if kind is Softmax else MARGINS_OFF | dict(margin=1, scale=9)
    loss = kind(4, identities(3), **values).double()
    cost = loss(embeddings, labels)
    assert cost.item() == loss(embeddings[known], labels[known]).item()
    cost.backward()
    assert (embeddings.grad[~known] == 0).all() and (embeddings.grad[known] != 0).any()


def test_smoothing_leaves_the_mirror_image_out_too():
    """Label 0 and its mirror image 2 of four: a tenth is spread over 0, 1 and 3."""
    values = PLAIN | dict(smoothing=0.1, symmetric=0.25)
    loss = Softmax(3, identities(4, mirrors=True), **values).double()
    embedding = batch(1, 3)
    logits = loss.linear(embedding)[0].tolist()
    whole = math.log(sum(math.exp(logits[i]) for i in (0, 1, 3)))
    losses = {i: whole - logits[i] for i in (0, 1, 3)}
    expected = 0.9 * losses[0] + 0.1 * sum(losses.values()) / 3 + 1 - math.exp(-losses[0])
    assert loss(embedding, torch.tensor([0])).item() == pytest.approx(expected)


@pytest.mark.parametrize("kind", [Softmax, CosFace])
def test_an_images_own_mirror_image_is_left_out(kind):
    """Identities 0, 1 and their mirror images 2, 3: label 0 competes with 1 and 3 alone."""
    values = PLAIN if kind is Softmax else MARGINS_OFF | dict(margin=0, scale=2)
    masked, plain = (
        kind(3, identities(4, mirrors), **values).double() for mirrors in (True, False)
    )
    plain.load_state_dict(masked.state_dict())
    embedding = batch(1, 3)
    whole = [plain(embedding, torch.tensor([label])).item() for label in range(4)]
    p = [math.exp(-loss) for loss in whole]
    expected = -math.log(p[0] / (p[0] + p[1] + p[3]))
    assert masked(embedding, torch.tensor([0])).item() == pytest.approx(expected, rel=1e-4)
    expected = -math.log(p[3] / (p[3] + p[0] + p[2]))
    assert masked(embedding, torch.tensor([3])).item() == pytest.approx(expected, rel=1e-4)


def test_a_step_leaves_out_others_than_its_own_identities():
    """Three of ten are kept: labels 4 and 7, and one of the eight others, each as often."""
    torch.manual_seed(0)
    labels = torch.tensor([7, 4, 7])
    drawn = torch.stack([leave_out_identities(labels, 10, 0.3) for _ in range(800)])
    assert ((~drawn).sum(dim=1) == 3).all() and not drawn[:, [4, 7]].any()
    others = (~drawn).sum(dim=0)[[0, 1, 2, 3, 5, 6, 8, 9]]
    assert ((others > 70) & (others < 130)).all()  # 100 each, with a deviation of 9


@pytest.mark.parametrize(
    ("labels", "sampled", "kept"),
    [([0, 1, 2], 0.1, [0, 1, 2]), ([0, 1, 2, 3], 0.5, [0, 1, 2, 3]), ([1], 0.01, [1])],
)
def test_no_identity_of_the_batch_is_left_out(labels, sampled, kept):
    left_out = leave_out_identities(torch.tensor(labels), 4, sampled)
    assert (~left_out).nonzero().squeeze(1).tolist() == kept


def test_without_known_images_a_sample_is_left():
    left_out = leave_out_identities(torch.tensor([], dtype=torch.long), 10, 0.2)
    assert (~left_out).sum() == 2
    assert leave_out_identities(torch.tensor([1]), 10, 1.0) is None


@pytest.mark.parametrize("kind", [ArcFace, CosFace, SphereFace])
def test_a_sample_of_the_batchs_identities_is_a_network_of_these_alone(kind):
    values = MARGINS_OFF | dict(margin=1, scale=2, symmetric=0.25, unknown_weight=0.5)
    loss = kind(4, identities(6), **(values | {"sampled": 0.5})).double()
    few = kind(4, identities(3), **values).double()
    few.weight.data = loss.weight.data[:, [0, 2, 3]]
    embeddings = batch(4, 4).requires_grad_()
    cost = loss(embeddings, torch.tensor([0, 2, 3, -1]))
    assert cost.item() == pytest.approx(few(embeddings, torch.tensor([0, 1, 2, -1])).item())
    cost.backward()
    moved = (loss.weight.grad != 0).any(dim=0)
    assert moved.tolist() == [True, False, True, True, False, False]


@pytest.mark.parametrize("mirrors", [False, True])
def test_a_sampled_softmax_is_a_slow_sum_over_the_sample(mirrors):
    """Of six identities 0, 2 and 3 are compared; 3 is the mirror image of 0, if there are any."""
    smoothing, symmetric, unknown_weight = 0.2, 0.25, 0.5
    values = dict(smoothing=smoothing, symmetric=symmetric, unknown_weight=unknown_weight)
    loss = Softmax(4, identities(6, mirrors), sampled=0.5, **values).double()
    embeddings, labels = batch(4, 4), [0, 2, 3, -1]
    costs = []
    for row, label in zip(loss.linear(embeddings).tolist(), labels, strict=True):
        mirror = {0: 3, 3: 0}.get(label) if mirrors else None
        logits = {i: row[i] for i in (0, 2, 3) if i != mirror}
        whole = math.log(sum(math.exp(x) for x in logits.values()))
        mean = sum(whole - x for x in logits.values()) / len(logits)
        if label == -1:
            continue
        right = whole - logits[label]
        smooth = (1 - smoothing) * right + smoothing * mean
        costs.append(smooth + symmetric * 4 * (1 - math.exp(-right)))
    expected = sum(costs) / 3 + unknown_weight * mean  # the last image is the new_whale
    assert loss(embeddings, torch.tensor(labels)).item() == pytest.approx(expected)
