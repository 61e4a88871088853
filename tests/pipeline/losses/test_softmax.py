"""Softmax and its margins against a slow, obvious re-derivation, and against the library's own."""

import math

import pytest
import torch
from pytorch_metric_learning import losses as library

from pipeline.losses.identities import Identities
from pipeline.losses.softmax import ArcFace, CosFace, Softmax, SphereFace
from tests.pipeline.losses.synthetic import at, batch, cosine, people

OFF = dict(centres=1, rare_margin=0.0, rare_power=0.0, unknown_weight=0.0, symmetric=0.0)
PLAIN = dict(smoothing=0.0, unknown_weight=0.0, symmetric=0.0)
LABELS = torch.tensor([0, 1, 2, 3, -1, 0, 1, -1, 3, 3, 0, 2])


def angular(angle: float, margin: float) -> float:
    if angle <= math.pi - margin:
        return math.cos(angle + margin)
    return math.cos(angle) - margin * math.sin(margin)


def taken_off(angle: float, margin: float) -> float:
    return math.cos(angle) - margin


def multiplied(angle: float, margin: float) -> float:
    """Falls by 2 with every half turn."""
    half_turns = int(margin * angle // math.pi)
    return (-1) ** half_turns * math.cos(margin * angle) - 2 * half_turns


MARGINS = {ArcFace: angular, CosFace: taken_off, SphereFace: multiplied}


def slow(kind, embeddings, directions, labels, margins, scale) -> float:
    """One image at a time; `directions[i]` are those of identity i, `margins[i]` its margin."""
    costs = []
    for embedding, label in zip(embeddings.tolist(), labels.tolist(), strict=True):
        if label == -1:
            continue
        logits = []
        for identity, own in enumerate(directions):
            nearest = max(cosine(embedding, direction) for direction in own)
            if identity == label:
                nearest = MARGINS[kind](math.acos(nearest), margins[identity])
            long = math.hypot(*embedding) if kind is SphereFace else 1.0
            logits.append(scale * long * nearest)
        costs.append(math.log(sum(math.exp(x) for x in logits)) - logits[label])
    return sum(costs) / len(costs)


def head(kind, directions: torch.Tensor, identities: Identities, **values):
    """`directions` has a row a direction, an identity's side by side."""
    loss = kind(directions.shape[1], identities, **(OFF | values)).double()
    loss.weight.data = directions.T.clone()
    return loss


@pytest.mark.parametrize(
    ("kind", "margin", "scale"),
    [(ArcFace, 0.0, 8), (ArcFace, 0.3, 8), (ArcFace, 1.2, 8), (CosFace, 0.35, 8)]
    + [(SphereFace, 1.5, 1), (SphereFace, 3.0, 0.5)],
)
def test_the_margins_are_the_formulas(kind, margin, scale):
    embeddings, directions = 3 * batch(12, 5), batch(4, 5, seed=1)
    own = [[row] for row in directions.tolist()]
    expected = slow(kind, embeddings, own, LABELS, [margin] * 4, scale)
    found = head(kind, directions, people(4), margin=margin, scale=scale)(embeddings, LABELS)
    assert found.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "margin", "theirs"),
    [
        (ArcFace, 0.3, library.ArcFaceLoss(4, 5, margin=math.degrees(0.3), scale=8)),
        (CosFace, 0.35, library.CosFaceLoss(4, 5, margin=0.35, scale=8)),
        (SphereFace, 3, library.SphereFaceLoss(4, 5, margin=3, scale=8)),
    ],
)
def test_the_librarys_losses_are_the_same(kind, margin, theirs):
    embeddings, directions = batch(12, 5), batch(4, 5, seed=1)
    theirs.W.data = directions.T.clone()
    known = LABELS >= 0
    ours = head(kind, directions, people(4), margin=margin, scale=8)(embeddings, LABELS)
    assert ours.item() == pytest.approx(theirs(embeddings[known], LABELS[known]).item(), rel=1e-5)


def test_past_pi_minus_margin_arcface_takes_the_easy_branch():
    """170 degrees from its centre: adding 1 radian (57 degrees) would pass 180."""
    embeddings, labels = at(170, 110), torch.tensor([0, 0])
    expected = slow(ArcFace, embeddings, [[[1, 0]], [[0, 1]]], labels, [1.0] * 2, 4.0)
    found = head(ArcFace, at(0, 90), people(2), margin=1.0, scale=4.0)(embeddings, labels)
    assert found.item() == pytest.approx(expected)
    # past 180 degrees the margin would be a gift
    assert math.cos(math.radians(170) + 1) > math.cos(math.radians(170))


def test_arcface_by_hand():
    """On its centre, the other at 90 degrees, margin 60 degrees: logits 2 x (.5, 0)."""
    loss = head(ArcFace, at(0, 90), people(2), margin=math.pi / 3, scale=2.0)
    assert loss(at(0), torch.tensor([0])).item() == pytest.approx(math.log(1 + math.exp(-1)))


def test_the_nearest_of_an_identitys_centres_counts():
    embeddings, directions = batch(12, 5), batch(8, 5, seed=1)
    own = [directions[2 * i : 2 * i + 2].tolist() for i in range(4)]
    expected = slow(ArcFace, embeddings, own, LABELS, [0.3] * 4, 8.0)
    loss = head(ArcFace, directions, people(4), margin=0.3, scale=8.0, centres=2)
    assert loss(embeddings, LABELS).item() == pytest.approx(expected, rel=1e-6)


def test_rare_identities_have_wider_margins():
    """1, 4, 16 and 100 photographs, power 1/2: the extra margin .2 is .2, .1, .05 and .02."""
    photographs = torch.tensor([1.0, 4, 16, 100], dtype=torch.float64)
    values = dict(margin=0.1, scale=8.0, rare_margin=0.2, rare_power=0.5)
    embeddings, directions = batch(12, 5), batch(4, 5, seed=1)
    own = [[row] for row in directions.tolist()]
    expected = slow(CosFace, embeddings, own, LABELS, [0.3, 0.2, 0.15, 0.12], 8.0)
    loss = head(CosFace, directions, Identities(photographs), **values)
    assert loss(embeddings, LABELS).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_plain_softmax_is_a_linear_layer_and_smoothed_cross_entropy(smoothing):
    loss = Softmax(3, people(4), smoothing=smoothing, unknown_weight=0.0, symmetric=0.0).double()
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


def test_images_of_rare_identities_weigh_more():
    """1, 4 and 16 photographs, power 1/2: 1, 1/2, 1/4, brought to a mean of 1 by 12/7."""
    photographs = torch.tensor([1.0, 4, 16], dtype=torch.float64)
    weighed = Identities(photographs, power=0.5)
    labels = torch.tensor([0, 1, 2, -1])
    assert weighed.weights(labels).tolist() == pytest.approx([12 / 7, 6 / 7, 3 / 7, 1])
    directions, embeddings = batch(3, 5, seed=1), batch(4, 5)
    loss = head(CosFace, directions, weighed, margin=0.3, scale=8.0)
    plain = head(CosFace, directions, Identities(photographs), margin=0.3, scale=8.0)
    each = [plain(embeddings[i : i + 1], labels[i : i + 1]).item() for i in range(3)]
    expected = (12 * each[0] + 6 * each[1] + 3 * each[2]) / 7 / 3
    assert loss(embeddings, labels).item() == pytest.approx(expected)


@pytest.mark.parametrize("kind", [Softmax, ArcFace, CosFace, SphereFace])
def test_without_strangers_new_whale_is_left_out(kind):
    embeddings = batch(6, 4).requires_grad_()
    labels = torch.tensor([0, -1, 2, -1, 1, 0])
    known = labels >= 0
    own = PLAIN if kind is Softmax else OFF | dict(margin=1, scale=9)
    loss = kind(4, people(3), **own).double()
    cost = loss(embeddings, labels)
    assert cost.item() == loss(embeddings[known], labels[known]).item()
    cost.backward()
    assert (embeddings.grad[~known] == 0).all() and (embeddings.grad[known] != 0).any()


def test_the_reverse_cross_entropy_by_hand():
    """Cosines 1 and 0, scale 2, no margin: the right one's chance is 1 / (1 + e^-2), or e^-2 times.

    -log 0 is 4: a quarter of it weighs 4 x (1 - chance) / 4, which stays below 1.
    """
    loss = head(CosFace, at(0, 90), people(2), margin=0.0, scale=2.0, symmetric=0.25)
    chance = 1 / (1 + math.exp(-2))
    for label, own in ((0, chance), (1, 1 - chance)):
        cost = loss(at(0), torch.tensor([label])).item()
        assert cost == pytest.approx(-math.log(own) + (1 - own))


def test_no_identity_may_claim_a_stranger():
    """Cosines 1 and 0, scale 2: -log softmax is log(1 + e^-2) and that + 2; the mean is + 1."""
    loss = head(CosFace, at(0, 90), people(2), margin=0.3, scale=2.0, unknown_weight=0.5)
    cost = loss(at(0), torch.tensor([-1]))
    assert cost.item() == pytest.approx(0.5 * (math.log(1 + math.exp(-2)) + 1))
    # halfway between the two it costs least: log 2
    assert loss(at(45), torch.tensor([-1])).item() == pytest.approx(0.5 * math.log(2))


def test_a_batch_of_new_whales_costs_nothing_and_pulls_nowhere():
    embeddings = batch(4, 4).requires_grad_()
    loss = head(ArcFace, batch(3, 4), people(3), margin=0.3, scale=10.0)
    cost = loss(embeddings, torch.full((4,), -1))
    cost.backward()
    assert cost.item() == 0
    assert (embeddings.grad == 0).all()


def test_smoothing_leaves_the_mirror_image_out_too():
    """Label 0 and its mirror image 2 of four: a tenth is spread over 0, 1 and 3."""
    values = PLAIN | dict(smoothing=0.1, symmetric=0.25)
    loss = Softmax(3, people(4, mirrors=True), **values).double()
    embedding = batch(1, 3)
    logits = loss.linear(embedding)[0].tolist()
    whole = math.log(sum(math.exp(logits[i]) for i in (0, 1, 3)))
    costs = {i: whole - logits[i] for i in (0, 1, 3)}
    expected = 0.9 * costs[0] + 0.1 * sum(costs.values()) / 3 + 1 - math.exp(-costs[0])
    assert loss(embedding, torch.tensor([0])).item() == pytest.approx(expected)


@pytest.mark.parametrize("kind", [Softmax, CosFace])
def test_a_mirror_image_is_no_mistake(kind):
    """Identities 0, 1 and their mirror images 2, 3: label 0 competes with 1 and 3 alone."""
    own = PLAIN if kind is Softmax else OFF | dict(margin=0, scale=2)
    masked, plain = (kind(3, people(4, mirrors), **own).double() for mirrors in (True, False))
    plain.load_state_dict(masked.state_dict())
    embedding = batch(1, 3)
    whole = [plain(embedding, torch.tensor([label])).item() for label in range(4)]
    chances = [math.exp(-cost) for cost in whole]
    expected = -math.log(chances[0] / (chances[0] + chances[1] + chances[3]))
    assert masked(embedding, torch.tensor([0])).item() == pytest.approx(expected, rel=1e-4)
    expected = -math.log(chances[3] / (chances[3] + chances[0] + chances[2]))
    assert masked(embedding, torch.tensor([3])).item() == pytest.approx(expected, rel=1e-4)
