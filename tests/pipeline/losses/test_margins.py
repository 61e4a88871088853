"""The margins against slow, obvious loops, and against the library's losses."""

import math

import pytest
import torch
from pytorch_metric_learning import losses as library

from pipeline.losses.identities import Identities
from pipeline.losses.margins import ArcFace, CosFace, SphereFace
from tests.pipeline.losses.synthetic import MARGINS_OFF, at, batch, cosine, identities

LABELS = torch.tensor([0, 1, 2, 3, -1, 0, 1, -1, 3, 3, 0, 2])


def angular(angle: float, margin: float) -> float:
    if angle <= math.pi - margin:
        return math.cos(angle + margin)
    return math.cos(angle) - margin * math.sin(margin)


def subtracted(angle: float, margin: float) -> float:
    return math.cos(angle) - margin


def multiplied(angle: float, margin: float) -> float:
    """Falls by 2 with every half turn."""
    half_turns = int(margin * angle // math.pi)
    return (-1) ** half_turns * math.cos(margin * angle) - 2 * half_turns


MARGINS = {ArcFace: angular, CosFace: subtracted, SphereFace: multiplied}


def slow(kind, embeddings, directions, labels, margins, scale) -> float:
    """Image by image; `directions[i]` are those of identity i, `margins[i]` its margin."""
    losses = []
    for embedding, label in zip(embeddings.tolist(), labels.tolist(), strict=True):
        if label == -1:
            continue
        logits = []
        for identity, centres in enumerate(directions):
            nearest = max(cosine(embedding, centre) for centre in centres)
            if identity == label:
                nearest = MARGINS[kind](math.acos(nearest), margins[identity])
            length = math.hypot(*embedding) if kind is SphereFace else 1.0
            logits.append(scale * length * nearest)
        losses.append(math.log(sum(math.exp(x) for x in logits)) - logits[label])
    return sum(losses) / len(losses)


def build(kind, directions: torch.Tensor, classes: Identities, **values):
    """`directions` has one row per direction, those of an identity side by side."""
    loss = kind(directions.shape[1], classes, **(MARGINS_OFF | values)).double()
    loss.weight.data = directions.T.clone()
    return loss


@pytest.mark.parametrize(
    ("kind", "margin", "scale"),
    [(ArcFace, 0.0, 8), (ArcFace, 0.3, 8), (ArcFace, 1.2, 8), (CosFace, 0.35, 8)]
    + [(SphereFace, 1.5, 1), (SphereFace, 3.0, 0.5)],
)
def test_the_margins_are_the_formulas(kind, margin, scale):
    embeddings, directions = 3 * batch(12, 5), batch(4, 5, seed=1)
    centres = [[row] for row in directions.tolist()]
    expected = slow(kind, embeddings, centres, LABELS, [margin] * 4, scale)
    loss = build(kind, directions, identities(4), margin=margin, scale=scale)
    assert loss(embeddings, LABELS).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "margin", "theirs"),
    [
        (ArcFace, 0.3, library.ArcFaceLoss(4, 5, margin=math.degrees(0.3), scale=8)),
        (CosFace, 0.35, library.CosFaceLoss(4, 5, margin=0.35, scale=8)),
        (SphereFace, 3, library.SphereFaceLoss(4, 5, margin=3, scale=8)),
    ],
)
def test_the_margins_are_those_of_the_library(kind, margin, theirs):
    embeddings, directions = batch(12, 5), batch(4, 5, seed=1)
    theirs.W.data = directions.T.clone()
    known = LABELS >= 0
    ours = build(kind, directions, identities(4), margin=margin, scale=8)(embeddings, LABELS)
    assert ours.item() == pytest.approx(theirs(embeddings[known], LABELS[known]).item(), rel=1e-5)


def test_past_pi_minus_margin_arcface_takes_the_easy_branch():
    """170 degrees from its centre: adding 1 radian (57 degrees) would pass 180."""
    embeddings, labels = at(170, 110), torch.tensor([0, 0])
    expected = slow(ArcFace, embeddings, [[[1, 0]], [[0, 1]]], labels, [1.0] * 2, 4.0)
    loss = build(ArcFace, at(0, 90), identities(2), margin=1.0, scale=4.0)
    assert loss(embeddings, labels).item() == pytest.approx(expected)
    # past 180 degrees the margin would raise the cosine
    assert math.cos(math.radians(170) + 1) > math.cos(math.radians(170))


def test_arcface_by_hand():
    """On its centre, the other at 90 degrees, margin 60 degrees: logits 2 x (.5, 0)."""
    loss = build(ArcFace, at(0, 90), identities(2), margin=math.pi / 3, scale=2.0)
    assert loss(at(0), torch.tensor([0])).item() == pytest.approx(math.log(1 + math.exp(-1)))


def test_directions_turn_with_the_first_steps_of_adam():
    """Those of length 16, as numbers with a deviation of 1 have, turn by 1 degree or two."""
    torch.manual_seed(0)
    arcface = ArcFace(256, identities(4), **(MARGINS_OFF | {"margin": 0.3, "scale": 30.0}))
    before = arcface.weight.detach().clone()
    optimizer = torch.optim.AdamW(arcface.parameters(), lr=2e-3)
    embeddings, labels = torch.randn(4, 256), torch.arange(4)
    for _ in range(10):
        optimizer.zero_grad()
        arcface(embeddings, labels).backward()
        optimizer.step()
    turned = torch.cosine_similarity(before, arcface.weight.detach(), dim=0)
    assert torch.rad2deg(torch.acos(turned)).min() > 30


def test_the_nearest_of_an_identitys_centres_counts():
    embeddings, directions = batch(12, 5), batch(8, 5, seed=1)
    centres = [directions[2 * i : 2 * i + 2].tolist() for i in range(4)]
    expected = slow(ArcFace, embeddings, centres, LABELS, [0.3] * 4, 8.0)
    loss = build(ArcFace, directions, identities(4), margin=0.3, scale=8.0, centres=2)
    assert loss(embeddings, LABELS).item() == pytest.approx(expected, rel=1e-6)


def test_rare_identities_have_wider_margins():
    """1, 4, 16 and 100 photographs, power 1/2: the extra margin .2 is .2, .1, .05 and .02."""
    photographs = torch.tensor([1.0, 4, 16, 100], dtype=torch.float64)
    values = dict(margin=0.1, scale=8.0, rare_margin=0.2, rare_power=0.5)
    embeddings, directions = batch(12, 5), batch(4, 5, seed=1)
    centres = [[row] for row in directions.tolist()]
    expected = slow(CosFace, embeddings, centres, LABELS, [0.3, 0.2, 0.15, 0.12], 8.0)
    loss = build(CosFace, directions, Identities(photographs), **values)
    assert loss(embeddings, LABELS).item() == pytest.approx(expected, rel=1e-6)


def test_images_of_rare_identities_have_larger_weights():
    """1, 4 and 16 photographs, power 1/2: 1, 1/2, 1/4, brought to a mean of 1 by 12/7."""
    photographs = torch.tensor([1.0, 4, 16], dtype=torch.float64)
    weighted = Identities(photographs, power=0.5)
    labels = torch.tensor([0, 1, 2, -1])
    assert weighted.image_weights(labels).tolist() == pytest.approx([12 / 7, 6 / 7, 3 / 7, 1])
    directions, embeddings = batch(3, 5, seed=1), batch(4, 5)
    loss = build(CosFace, directions, weighted, margin=0.3, scale=8.0)
    plain = build(CosFace, directions, Identities(photographs), margin=0.3, scale=8.0)
    losses = [plain(embeddings[i : i + 1], labels[i : i + 1]).item() for i in range(3)]
    expected = (12 * losses[0] + 6 * losses[1] + 3 * losses[2]) / 7 / 3
    assert loss(embeddings, labels).item() == pytest.approx(expected)


def test_the_reverse_cross_entropy_by_hand():
    """Cosines 1 and 0, scale 2, no margin: probabilities p = 1 / (1 + e^-2) and 1 - p.

    -log 0 is 4: with weight 1/4 it costs 4 x (1 - p) / 4, which stays below 1.
    """
    loss = build(CosFace, at(0, 90), identities(2), margin=0.0, scale=2.0, symmetric=0.25)
    probability = 1 / (1 + math.exp(-2))
    for label, p in ((0, probability), (1, 1 - probability)):
        cost = loss(at(0), torch.tensor([label])).item()
        assert cost == pytest.approx(-math.log(p) + (1 - p))


def test_a_new_whale_costs_least_between_the_identities():
    """Cosines 1 and 0, scale 2: -log softmax is log(1 + e^-2) and that + 2; the mean is + 1."""
    loss = build(CosFace, at(0, 90), identities(2), margin=0.3, scale=2.0, unknown_weight=0.5)
    cost = loss(at(0), torch.tensor([-1]))
    assert cost.item() == pytest.approx(0.5 * (math.log(1 + math.exp(-2)) + 1))
    # halfway between the two it costs least: log 2
    assert loss(at(45), torch.tensor([-1])).item() == pytest.approx(0.5 * math.log(2))


def test_a_batch_of_new_whales_has_loss_and_gradient_0():
    embeddings = batch(4, 4).requires_grad_()
    loss = build(ArcFace, batch(3, 4), identities(3), margin=0.3, scale=10.0)
    cost = loss(embeddings, torch.full((4,), -1))
    cost.backward()
    assert cost.item() == 0
    assert (embeddings.grad == 0).all()
