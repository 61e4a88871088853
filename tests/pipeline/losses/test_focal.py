"""Focal loss against its formula, logit by logit."""

import math

import pytest
import torch

from pipeline.losses.focal import Focal, focal_loss
from pipeline.losses.identities import Identities
from tests.pipeline.losses.synthetic import batch, cosine, identities


def slow_focal(logit: float, target: int, gamma: float) -> float:
    p = 1 / (1 + math.exp(-logit))
    right = p if target else 1 - p
    return -((1 - right) ** gamma) * math.log(right)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_is_the_formula_for_every_logit(gamma):
    logits = torch.tensor([[-6.0, -1, 0, 0.5], [7, 2, -0.25, 3]], dtype=torch.float64)
    targets = torch.tensor([[0.0, 1, 0, 1], [1, 0, 0, 1]], dtype=torch.float64)
    expected = [
        [slow_focal(x, y, gamma) for x, y in zip(*rows, strict=True)]
        for rows in zip(logits.tolist(), targets.tolist(), strict=True)
    ]
    losses = focal_loss(logits, targets, gamma)
    torch.testing.assert_close(losses, torch.tensor(expected, dtype=torch.float64))


def test_focal_by_hand():
    """p = 1/2: (1/2)^2 ln 2."""
    loss = focal_loss(torch.zeros(1), torch.ones(1), 2.0)
    assert loss.item() == pytest.approx(math.log(2) / 4)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_focal_has_a_finite_gradient_at_tiny_losses(gamma):
    logits = torch.tensor([-20.0, 20.0], requires_grad=True)
    focal_loss(logits, torch.tensor([0.0, 1.0]), gamma).sum().backward()
    assert torch.isfinite(logits.grad).all()


LABELS = torch.tensor([2, -1, 0])


def losses_by_image(loss: Focal, embeddings: torch.Tensor) -> list[list[float]]:
    """The loss of each identity's sigmoid, by image."""
    return [
        [
            slow_focal(5 * cosine(embedding, centre) + loss.bias.item(), int(i == label), 2.0)
            for i, centre in enumerate(loss.weight.tolist())
        ]
        for embedding, label in zip(embeddings.tolist(), LABELS.tolist(), strict=True)
    ]


def test_the_loss_sums_over_identities_and_new_whale_is_none_of_them():
    loss = Focal(3, identities(4), gamma=2.0, scale=5.0, hardest=1.0).double()
    embeddings = batch(3, 3)
    expected = sum(map(sum, losses_by_image(loss, embeddings))) / 3
    assert loss(embeddings, LABELS).item() == pytest.approx(expected)


def test_only_the_hardest_of_the_wrong_identities_count():
    """A quarter of eight: two wrong ones beside the right one, or two in all for a new_whale."""
    loss = Focal(3, identities(8), gamma=2.0, scale=5.0, hardest=0.25).double()
    embeddings = batch(3, 3)
    expected = 0.0
    for label, losses in zip(LABELS.tolist(), losses_by_image(loss, embeddings), strict=True):
        right = losses.pop(label) if label >= 0 else 0.0
        expected += (right + sum(sorted(losses)[-2:])) / 3
    assert loss(embeddings, LABELS).item() == pytest.approx(expected)


def test_an_images_own_mirror_image_is_left_out():
    """Identities 0 to 3 and their mirror images: 2 leaves out 6 (2 + 4), 0 leaves out 4."""
    loss = Focal(3, identities(8, mirrors=True), gamma=2.0, scale=5.0, hardest=1.0).double()
    embeddings = batch(3, 3)
    losses = losses_by_image(loss, embeddings)
    expected = (sum(map(sum, losses)) - losses[0][6] - losses[2][4]) / 3
    assert loss(embeddings, LABELS).item() == pytest.approx(expected)


def test_images_of_rare_identities_have_larger_weights():
    """1, 4, 16 photographs, power 1/2: 12/7, 6/7, 3/7; a new_whale has weight 1."""
    weighted = Identities(torch.tensor([1.0, 4, 16], dtype=torch.float64), power=0.5)
    loss = Focal(3, weighted, gamma=2.0, scale=5.0, hardest=1.0).double()
    embeddings = batch(3, 3)
    third, new, first = map(sum, losses_by_image(loss, embeddings))
    expected = (third * 3 / 7 + new + first * 12 / 7) / 3
    assert loss(embeddings, LABELS).item() == pytest.approx(expected)


def test_each_identity_starts_with_the_same_probability():
    """A logit of -ln(n - 1) gives each of n identities the probability 1 / n."""
    bias = Focal(3, identities(200), gamma=2.0, scale=5.0, hardest=1.0).bias
    assert torch.sigmoid(bias).item() == pytest.approx(1 / 200)
