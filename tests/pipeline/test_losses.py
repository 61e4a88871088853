"""Each loss against a slow, obvious re-derivation."""

import math

import pytest
import torch

from pipeline import params
from pipeline.losses import ArcFace, EmbeddingLoss, Focal, Triplet, focal


def at(*degrees: float) -> torch.Tensor:
    """Points on the unit circle, n x 2 float64."""
    angles = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def batch(count: int, dim: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dim, dtype=torch.float64, generator=generator)


# ArcFace


def slow_arcface(embeddings, centres, labels, margin, scale) -> float:
    """One image at a time; `centres` has a row an identity."""
    costs = []
    for embedding, label in zip(embeddings.tolist(), labels.tolist(), strict=True):
        if label == -1:
            continue
        logits = []
        for identity, centre in enumerate(centres.tolist()):
            dot = sum(a * b for a, b in zip(embedding, centre, strict=True))
            cosine = dot / math.hypot(*embedding) / math.hypot(*centre)
            if identity == label:
                angle = math.acos(cosine)
                if angle <= math.pi - margin:
                    cosine = math.cos(angle + margin)
                else:
                    cosine = math.cos(angle) - margin * math.sin(margin)
            logits.append(scale * cosine)
        top = max(logits)
        costs.append(top + math.log(sum(math.exp(x - top) for x in logits)) - logits[label])
    return sum(costs) / len(costs)


def arcface(centres: torch.Tensor, margin: float, scale: float) -> ArcFace:
    loss = ArcFace(centres.shape[1], len(centres), margin, scale)
    loss.loss.W.data = centres.T.clone()
    return loss


@pytest.mark.parametrize("margin", [0.0, 0.3, 1.2])
def test_arcface_is_the_formula(margin):
    embeddings, centres = 3 * batch(12, 5), batch(4, 5, seed=1)
    labels = torch.tensor([0, 1, 2, 3, -1, 0, 1, -1, 3, 3, 0, 2])
    expected = slow_arcface(embeddings, centres, labels, margin, 8.0)
    found = arcface(centres, margin, 8.0)(embeddings, labels)
    assert found.item() == pytest.approx(expected, rel=1e-9)


def test_arcface_past_pi_minus_margin_takes_the_easy_branch():
    """170 degrees from its centre: adding 1 radian (57 degrees) would pass 180."""
    centres, embeddings = at(0, 90), at(170, 110)
    labels = torch.tensor([0, 0])
    expected = slow_arcface(embeddings, centres, labels, 1.0, 4.0)
    assert arcface(centres, 1.0, 4.0)(embeddings, labels).item() == pytest.approx(expected)
    wrapped = [math.cos(math.radians(170) + 1), math.cos(math.radians(80))]
    assert wrapped[0] > math.cos(math.radians(170))  # past 180 degrees the margin would be a gift


def test_arcface_by_hand():
    """On its centre, the other at 90 degrees, margin 60 degrees: logits 2 x (.5, 0)."""
    found = arcface(at(0, 90), math.pi / 3, 2.0)(at(0), torch.tensor([0]))
    assert found.item() == pytest.approx(math.log(1 + math.exp(-1)))


def test_arcface_leaves_new_whale_out():
    embeddings, centres = batch(6, 4), batch(3, 4, seed=1)
    labels = torch.tensor([0, -1, 2, -1, 1, 0])
    loss = arcface(centres, 0.3, 10.0)
    known = labels >= 0
    assert loss(embeddings, labels).item() == loss(embeddings[known], labels[known]).item()
    embeddings.requires_grad_()
    loss(embeddings, labels).backward()
    assert (embeddings.grad[~known] == 0).all() and (embeddings.grad[known] != 0).any()


def test_a_batch_of_new_whales_costs_nothing_and_pulls_nowhere():
    embeddings = batch(4, 4).requires_grad_()
    cost = arcface(batch(3, 4), 0.3, 10.0)(embeddings, torch.full((4,), -1))
    cost.backward()
    assert cost.item() == 0
    assert (embeddings.grad == 0).all()


@pytest.mark.parametrize("half", [False, True], ids=["float32", "bfloat16 autocast"])
def test_losses_and_gradients_are_finite_at_cosine_1_and_minus_1(half, loss_section):
    """Exactly on the centre, exactly opposite, and two identical features."""
    loss = EmbeddingLoss(loss_section(1, 1, 1), 2, 2)
    loss.arcface.loss.W.data = torch.eye(2)
    embeddings = torch.tensor([[1.0, 0], [3, 0], [-1, 0], [0, -2], [0, 1]], requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        seen = embeddings.bfloat16() if half else embeddings
        total = sum(loss(seen, seen, torch.tensor([0, 0, 0, 1, -1])).values())
    total.backward()
    assert total.dtype == torch.float32 and torch.isfinite(total)
    for tensor in (embeddings, *loss.parameters()):
        assert torch.isfinite(tensor.grad).all()


# triplet


def slow_triplet(features, labels, margin) -> float:
    """Anchor by anchor: its furthest positive, its nearest negative; mean over what costs."""
    unit = [[x / math.hypot(*row) for x in row] for row in features.tolist()]
    labels = labels.tolist()
    costs = []
    for i, anchor in enumerate(unit):
        positives, negatives = [], []
        for j, other in enumerate(unit):
            if i == j:
                continue
            same = labels[i] == labels[j] and labels[i] != -1
            (positives if same else negatives).append(math.dist(anchor, other))
        if positives and negatives:
            costs.append(max(0.0, max(positives) - min(negatives) + margin))
    costs = [cost for cost in costs if cost > 0]
    return sum(costs) / len(costs) if costs else 0.0


@pytest.mark.parametrize("margin", [0.0, 0.3, 2.0])
def test_triplet_is_the_double_loop_with_one_to_five_images_an_identity(margin):
    """Rows have 4, 2, 1 and 0 positives: mining that assumes as many in each would go astray."""
    labels = torch.tensor([0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, -1, -1, -1, -1])
    for seed in range(10):
        features = 5 * batch(len(labels), 6, seed)
        expected = slow_triplet(features, labels, margin)
        assert Triplet(margin)(features, labels).item() == pytest.approx(expected, rel=1e-6)


def test_triplet_by_hand():
    """Images of one identity at 0 and 60 degrees (chord 1), another's at 90 (chords 1.41, .518).

    The first anchor costs nothing (1 - 1.41 + .3 < 0), the second 1 - .518 + .3; the third has no
    positive.
    """
    cost = Triplet(0.3)(at(0, 60, 90), torch.tensor([0, 0, 1]))
    assert cost.item() == pytest.approx(1 - 2 * math.sin(math.radians(15)) + 0.3)


def test_new_whales_are_nobodys_positive_and_everybodys_negative():
    """The pair at 0 and 60 degrees has the new_whale between them as its nearest negative."""
    labels = torch.tensor([0, 0, -1, -1])
    cost = Triplet(0.3)(at(0, 60, 50, 300), labels)
    first = 1 - 2 * math.sin(math.radians(25)) + 0.3
    second = 1 - 2 * math.sin(math.radians(5)) + 0.3
    assert cost.item() == pytest.approx((first + second) / 2)
    # were the new_whales positives of each other, their 110 degrees would cost as well
    assert Triplet(0.3)(at(50, 300, 0), torch.tensor([-1, -1, 0])).item() == 0


@pytest.mark.parametrize(
    "labels", [[0, 1, 2, -1], [-1, -1, -1, -1], [0, 0, 0, 0]], ids=["alone", "new", "one identity"]
)
def test_no_triplet_costs_a_finite_nothing(labels):
    features = batch(4, 3).requires_grad_()
    cost = Triplet(0.3)(features, torch.tensor(labels))
    cost.backward()
    assert cost.item() == 0 and (features.grad == 0).all()


# focal


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
    found = focal(logits, targets, gamma)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_focal_by_hand():
    """p = 1/2: (1/2)^2 ln 2."""
    cost = focal(torch.zeros(1), torch.ones(1), 2.0)
    assert cost.item() == pytest.approx(math.log(2) / 4)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_focal_has_a_gradient_where_nothing_is_wrong_any_more(gamma):
    logits = torch.tensor([-20.0, 20.0], requires_grad=True)
    focal(logits, torch.tensor([0.0, 1.0]), gamma).sum().backward()
    assert torch.isfinite(logits.grad).all()


def test_the_focal_head_sums_over_identities_and_new_whale_is_nobody():
    head = Focal(3, 4, gamma=2.0, scale=5.0).double()
    embeddings, labels = batch(3, 3), torch.tensor([2, -1, 0])
    expected = 0.0
    for embedding, label in zip(embeddings.tolist(), labels.tolist(), strict=True):
        for identity, centre in enumerate(head.weight.tolist()):
            dot = sum(a * b for a, b in zip(embedding, centre, strict=True))
            cosine = dot / math.hypot(*embedding) / math.hypot(*centre)
            target = int(identity == label)
            expected += slow_focal(5 * cosine + head.bias.item(), target, 2.0) / 3
    assert head(embeddings, labels).item() == pytest.approx(expected)


def test_the_focal_head_starts_calm():
    """A logit of -ln(n - 1) gives each of n identities the probability 1 / n."""
    bias = Focal(3, 200, gamma=2.0, scale=5.0).bias
    assert torch.sigmoid(bias).item() == pytest.approx(1 / 200)


# the sum


@pytest.fixture
def loss_section():
    def section(arcface: float, triplet: float, focal: float) -> params.Loss:
        return params.Loss.model_validate(
            {
                "arcface": {"weight": arcface, "margin": 0.3, "scale": 10.0},
                "triplet": {"weight": triplet, "margin": 0.3},
                "focal": {"weight": focal, "gamma": 2.0, "scale": 5.0},
            }
        )

    return section


LABELS = torch.tensor([0, 0, 1, 1, -1])


def terms(section: params.Loss, features, embeddings) -> dict[str, float]:
    torch.manual_seed(0)
    found = EmbeddingLoss(section, 4, 2)(features.float(), embeddings.float(), LABELS)
    return {name: value.item() for name, value in found.items()}


def test_each_term_is_multiplied_by_its_weight(loss_section):
    once = terms(loss_section(1, 1, 1), batch(5, 4), batch(5, 4))
    weighed = terms(loss_section(0.5, 2, 3), batch(5, 4), batch(5, 4))
    assert min(once.values()) > 0
    expected = {"arcface": once["arcface"] / 2, "triplet": 2 * once["triplet"]}
    assert weighed == pytest.approx({**expected, "focal": 3 * once["focal"]})


@pytest.mark.parametrize("off", ["arcface", "triplet", "focal"])
def test_a_term_of_weight_0_is_not_there(off, loss_section):
    weights = {name: float(name != off) for name in ("arcface", "triplet", "focal")}
    loss = EmbeddingLoss(loss_section(**weights), 4, 2)
    assert getattr(loss, off) is None
    assert not [name for name, _ in loss.named_parameters() if name.startswith(off)]
    assert set(terms(loss_section(**weights), batch(5, 4), batch(5, 4))) == set(weights) - {off}


def test_the_triplet_sees_the_features_and_the_others_the_embeddings(loss_section):
    section = loss_section(1, 1, 1)
    base = terms(section, batch(5, 4), batch(5, 4, seed=1))
    other_features = terms(section, batch(5, 4, seed=2), batch(5, 4, seed=1))
    other_embeddings = terms(section, batch(5, 4), batch(5, 4, seed=2))
    changed = {name for name in base if other_features[name] != base[name]}
    assert changed == {"triplet"}
    changed = {name for name in base if other_embeddings[name] != base[name]}
    assert changed == {"arcface", "focal"}


def test_half_precision_outside_changes_nothing_inside(loss_section):
    """The losses of bfloat16 vectors are those of the same numbers in float32."""
    halves = batch(5, 4).bfloat16()
    expected = terms(loss_section(1, 1, 1), halves, halves)
    torch.manual_seed(0)
    loss = EmbeddingLoss(loss_section(1, 1, 1), 4, 2)
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(halves, halves, LABELS)
    assert {name: value.item() for name, value in found.items()} == expected
