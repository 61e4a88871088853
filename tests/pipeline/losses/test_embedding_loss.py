"""The weighted sum: every loss by its name in params.yaml, in float32 and under half precision."""

import copy
import math

import pytest
import torch

from pipeline import params
from pipeline.losses import pairs
from pipeline.losses.embedding_loss import MODULES, ON_EMBEDDINGS, EmbeddingLoss
from pipeline.losses.identities import Identities
from pipeline.models.pair_head import PairHead
from pipeline.params import losses as sections
from pipeline.params.losses import Loss
from tests.conftest import ROOT
from tests.pipeline.losses.synthetic import batch, identities

LABELS = torch.tensor([0, 0, 1, 1, -1])
GIVEN = params.load(ROOT / "params.yaml").train.loss.model_dump()


def section(**weights: float) -> Loss:
    """The losses of params.yaml with these weights, the others' 0."""
    return Loss.model_validate(
        {name: values | {"weight": weights.get(name, 0)} for name, values in GIVEN.items()}
    )


def build(chosen: Loss, classes: Identities, dim: int = 4) -> EmbeddingLoss:
    siamese = chosen.siamese if "siamese" in chosen.active() else None
    head = PairHead(siamese.head, dim, siamese.hidden) if siamese else None
    return EmbeddingLoss(chosen, dim, classes, head).float()


def terms(chosen: Loss, features, embeddings, labels=LABELS) -> dict[str, float]:
    torch.manual_seed(0)
    loss = build(chosen, identities(2))
    losses = loss(features.float(), embeddings.float(), labels)
    return {name: value.item() for name, value in losses.items()}


def weights_with(name: str) -> dict[str, float]:
    """Weights with this loss alone, and focal beside centre, which is refused alone."""
    return {name: 1, "focal": 1} if name == "centre" else {name: 1}


def test_params_yaml_lists_every_loss():
    assert set(GIVEN) == set(Loss.model_fields)


@pytest.mark.parametrize("name", GIVEN)
def test_every_loss_is_positive_and_has_a_gradient(name):
    torch.manual_seed(0)
    loss = build(section(**weights_with(name)), identities(4))
    vectors = batch(9, 4).float().requires_grad_()
    cost = loss(vectors, vectors, torch.tensor([0, 0, 1, 1, 2, 2, 3, 3, -1]))[name]
    cost.backward()
    assert cost.item() > 0
    assert torch.isfinite(vectors.grad).all() and vectors.grad.abs().sum() > 0


@pytest.mark.parametrize("name", GIVEN)
def test_autocast_does_not_change_the_losses(name):
    """The loss of bfloat16 vectors is that of the same numbers in float32."""
    halves = batch(5, 4).bfloat16()
    expected = terms(section(**weights_with(name)), halves, halves)
    torch.manual_seed(0)
    loss = build(section(**weights_with(name)), identities(2))
    with torch.autocast("cpu", torch.bfloat16):
        losses = loss(halves, halves, LABELS)
    assert {name: value.item() for name, value in losses.items()} == expected


@pytest.mark.parametrize("name", GIVEN)
def test_float32_is_near_float64(name):
    """The losses' own tests are loops in double precision; training runs in single."""
    torch.manual_seed(0)
    single = getattr(build(section(**weights_with(name)), identities(4)), name)
    double = copy.deepcopy(single).double()
    labels, vectors = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3, -1]), batch(9, 4)
    costs = [
        loss(given, labels).item() for loss, given in ((single, vectors.float()), (double, vectors))
    ]
    assert costs[0] == pytest.approx(costs[1], rel=1e-4)


@pytest.mark.parametrize("half", [False, True], ids=["float32", "bfloat16 autocast"])
@pytest.mark.parametrize("name", GIVEN)
def test_gradients_are_finite_at_cosine_1_and_minus_1(name, half):
    """Exactly alike, exactly opposite, a new_whale on top of a known one."""
    torch.manual_seed(0)
    loss = build(section(**weights_with(name)), identities(2), dim=2)
    for parameter in loss.parameters():
        if parameter.shape == (2, 2):  # a direction per identity
            parameter.data = torch.eye(2)
    vectors = torch.tensor([[1.0, 0], [3, 0], [-1, 0], [0, -2], [0, 1]], requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        inputs = vectors.bfloat16() if half else vectors
        total = sum(loss(inputs, inputs, torch.tensor([0, 0, 0, 1, -1])).values())
    total.backward()
    assert total.dtype == torch.float32 and torch.isfinite(total)
    for tensor in (vectors, *loss.parameters()):
        assert tensor.grad is None or torch.isfinite(tensor.grad).all()


def test_each_term_is_multiplied_by_its_weight():
    once = terms(section(arcface=1, triplet=1, focal=1), batch(5, 4), batch(5, 4))
    weighted = terms(section(arcface=0.5, triplet=2, focal=3), batch(5, 4), batch(5, 4))
    assert min(once.values()) > 0
    expected = {"arcface": once["arcface"] / 2, "triplet": 2 * once["triplet"]}
    assert weighted == pytest.approx({**expected, "focal": 3 * once["focal"]})


def test_a_term_of_weight_0_or_left_out_is_not_built():
    only = {name: GIVEN[name] for name in ("arcface", "triplet", "focal")}
    loss = build(Loss.model_validate(only), identities(2))
    assert set(dict(loss.named_children())) == {"arcface", "triplet", "focal"}
    loss = build(section(triplet=1), identities(2))
    assert set(dict(loss.named_children())) == {"triplet"}
    assert not list(loss.parameters())


@pytest.mark.parametrize("name", GIVEN)
def test_distances_are_between_features_and_classes_compare_embeddings(name):
    chosen = section(**weights_with(name))
    base = terms(chosen, batch(5, 4), batch(5, 4, seed=1))[name]
    other_features = terms(chosen, batch(5, 4, seed=2), batch(5, 4, seed=1))[name]
    other_embeddings = terms(chosen, batch(5, 4), batch(5, 4, seed=2))[name]
    assert (other_features == base) == (name in ON_EMBEDDINGS)
    assert (other_embeddings == base) == (name not in ON_EMBEDDINGS)


# in softmax and its margins a new_whale is an option; centre has no negatives
CAN_PUSH = [name for name in GIVEN if name != "centre"]


@pytest.mark.parametrize("name", CAN_PUSH)
def test_a_new_whale_is_a_negative_in_every_loss(name):
    """Moving it changes the loss."""
    values = GIVEN[name] | {"weight": 1}
    if "unknown_weight" in values:
        values["unknown_weight"] = 1.0
    chosen = Loss.model_validate({name: values})
    vectors = batch(5, 4)
    vectors[4] = vectors[0] + vectors[2]
    moved = vectors.clone()
    moved[4] = vectors[0] - 0.5 * vectors[2]
    assert terms(chosen, vectors, vectors) != terms(chosen, moved, moved)


@pytest.mark.parametrize("name", [name for name in GIVEN if name not in MODULES])
def test_two_new_whales_are_never_a_pair(name):
    """The loss is the same with two other identities in their place."""
    vectors = batch(5, 4)
    new, others = torch.tensor([0, 0, 1, -1, -1]), torch.tensor([0, 0, 1, 2, 3])
    chosen = section(**{name: 1})
    expected = terms(chosen, vectors, vectors, others)[name]
    assert terms(chosen, vectors, vectors, new)[name] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["triplet", "contrastive", "multi_similarity", "circle"])
def test_memory_holds_the_latest_vectors_and_separate_new_whales(name):
    values = GIVEN[name] | {"weight": 1, "memory": 7}
    loss = build(Loss.model_validate({name: values}), identities(2))
    costs = [
        sum(loss(vectors, vectors, LABELS).values()).item()
        for vectors in (batch(5, 4, seed).float() for seed in range(3))
    ]
    memory = getattr(loss, name).memory
    assert memory.features.shape == (7, 4) and not memory.features.requires_grad
    torch.testing.assert_close(memory.features[-5:], batch(5, 4, 2).float())
    new = memory.labels[memory.labels < 0].tolist()
    assert len(new) == 2 and len(set(new)) == 2
    alone = terms(section(**{name: 1}), batch(5, 4, 1), batch(5, 4, 1))[name]
    assert costs[1] != pytest.approx(alone)


@pytest.mark.parametrize("name", ["triplet", "contrastive", "multi_similarity", "circle"])
def test_a_new_whale_is_not_pushed_away_from_its_own_earlier_view(name):
    """A second view of it, and two individuals at right angles, too far to push it; then one on it.

    That one is pushed away from the new_whale in the memory too.
    """
    values = GIVEN[name] | {"weight": 1, "memory": 7}
    loss = getattr(build(Loss.model_validate({name: values}), identities(2)), name)
    vectors = torch.eye(4)[[0, 0, 1, 1, 2]] + 0.01 * batch(5, 4).float()
    loss(vectors, LABELS)
    again = (vectors + 0.01 * batch(5, 4, seed=1).float()).requires_grad_()
    loss(again, LABELS).backward()
    assert (again.grad[4] == 0).all()
    near = vectors[:2].clone()
    near[1] = vectors[4] + 0.1
    without = build(Loss.model_validate({name: values}), identities(2))
    alone = getattr(without, name)(near, LABELS[:2]).item()
    assert loss(near, LABELS[:2]).item() > alone


def test_the_documented_example_of_a_new_loss(monkeypatch):
    """Its function, its values and its line, put where the page says."""
    blocks = (ROOT / "docs/extend/a-loss.md").read_text().split("```python\n")[1:]
    function, values, line = (block.split("```")[0] for block in blocks[:3])
    namespace = dict(vars(pairs))
    exec(function, namespace)
    monkeypatch.setattr(pairs, "soft_margin", namespace["soft_margin"], raising=False)
    namespace = dict(vars(sections))
    exec(values, namespace)
    exec(f"class Longer(Loss):\n{line}", namespace)
    chosen = namespace["Longer"].model_validate({"soft_margin": {"weight": 1.0, "scale": 8.0}})
    # alike, and two at a right angle to a third
    vectors = torch.tensor([[1.0, 0], [2, 0], [0, 1]])
    loss = build(chosen, identities(2), dim=2)
    cost = loss(vectors, vectors, torch.tensor([0, 0, -1]))["soft_margin"]
    assert cost.item() == pytest.approx((math.log(1 + math.exp(-8)) + 2 * math.log(2)) / 3)


# eight images of four identities and one new_whale, as photographs of 1, 2, 4 and 8; a fifth of 16
MANY = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3, -1])
RARE = Identities(torch.tensor([1.0, 2, 4, 8, 16]))
OTHER = {
    "miner": ["semi_hard", "all", "multi_similarity", "distance_weighted"],
    "head": ["absolute", "concat"],
}
# read only beside another value
BESIDE = {"rare_power": {"rare_margin": 0.3}}
# instead of twice what params.yaml has, or 3 for 0
BOUNDED = dict(
    weight=2, hardest=0.25, sampled=0.5, smoothing=0.3, base=0.2, near=0.5, far=1.5, radius=0.8
)
LEAVES = [
    (name, leaf, value)
    for name, values in GIVEN.items()
    for leaf in values
    for value in OTHER.get(leaf, ["another"])
]


def losses(name: str, **changes) -> list[float]:
    """The losses of two steps, so that a memory is used."""
    values = GIVEN[name] | {"weight": 1} | changes
    beside = {"triplet": GIVEN["triplet"] | {"weight": 1}} if name == "centre" else {}
    torch.manual_seed(0)
    loss = build(Loss.model_validate({name: values} | beside), RARE)
    steps = [batch(9, 4, seed).float() for seed in range(2)]
    return [loss(vectors, vectors, MANY)[name].item() for vectors in steps]


@pytest.mark.parametrize(("name", "leaf", "value"), LEAVES)
def test_every_value_of_every_loss_changes_it(name, leaf, value):
    given = GIVEN[name][leaf]
    if value == "another":
        value = not given if isinstance(given, bool) else given + (3 if given == 0 else given)
        value = BOUNDED.get(leaf, value)
    beside = BESIDE.get(leaf, {})
    assert losses(name, **beside) != losses(name, **beside, **{leaf: value})
