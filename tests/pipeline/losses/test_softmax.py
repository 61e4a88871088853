"""Softmax against a slow, obvious loop; new_whale and mirror images, with margins too."""

import math

import pytest
import torch

from pipeline.losses.margins import ArcFace, CosFace, SphereFace
from pipeline.losses.softmax import Softmax
from tests.pipeline.losses.synthetic import MARGINS_OFF, batch, identities

PLAIN = dict(smoothing=0.0, unknown_weight=0.0, symmetric=0.0)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_plain_softmax_is_a_linear_layer_and_smoothed_cross_entropy(smoothing):
    loss = Softmax(
        3, identities(4), smoothing=smoothing, unknown_weight=0.0, symmetric=0.0
    ).double()
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
