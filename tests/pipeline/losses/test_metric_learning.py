"""The library's losses of pairs and triplets against double and triple loops."""

import math

import pytest
import torch

from pipeline.losses import metric_learning
from pipeline.losses.metric_learning import Memory
from tests.pipeline.losses.synthetic import (
    IMAGES,
    LABELS,
    at,
    batch,
    check_finite,
    cosines,
    distances,
    few_pairs,
    mean_above_zero,
    negatives,
    positives,
)

VALUES = {
    "triplet": dict(margin=0.3, miner="hardest", two_sided=False),
    "contrastive": dict(near=0.0, far=1.0),
    "multi_similarity": dict(alpha=2.0, beta=50.0, base=0.5, epsilon=0.1),
    "circle": dict(margin=0.25, gamma=64.0),
    "lifted": dict(margin=1.0),
    "ranked_list": dict(margin=0.4, radius=1.2, temperature=4.0),
}
WITH_MEMORY = ["triplet", "contrastive", "multi_similarity", "circle"]

# triplets


def triplets(distance: list[list[float]], miner: str, margin: float) -> list[tuple[int, int, int]]:
    """The triplets that each miner selects, anchor by anchor."""
    if miner == "hardest":
        return [
            (i, max(positives(i), key=row.__getitem__), min(negatives(i), key=row.__getitem__))
            for i, row in enumerate(distance)
            if positives(i)
        ]
    every = [(i, p, n) for i in IMAGES for p in positives(i) for n in negatives(i)]
    if miner == "all":
        return [(i, p, n) for i, p, n in every if distance[i][n] - distance[i][p] <= margin]
    if miner == "semi_hard":
        return [(i, p, n) for i, p, n in every if 0 < distance[i][n] - distance[i][p] <= margin]
    similarity = [[1 - x * x / 2 for x in row] for row in distance]
    return [
        (i, p, n)
        for i, p, n in every
        if similarity[i][n] > min(similarity[i][j] for j in positives(i)) - 0.1
        and similarity[i][p] < max(similarity[i][j] for j in negatives(i)) + 0.1
    ]


@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize("miner", ["hardest", "semi_hard", "all", "multi_similarity"])
def test_triplet_is_the_loop_over_what_the_miner_selects(miner, two_sided):
    for seed in range(5):
        features = 5 * batch(len(LABELS), 6, seed)
        distance = distances(features)
        losses = []
        for a, p, n in triplets(distance, miner, 0.3):
            losses.append(max(0.0, 0.3 + distance[a][p] - distance[a][n]))
            if two_sided:
                losses.append(max(0.0, 0.3 + distance[a][p] - distance[p][n]))
        values = dict(margin=0.3, miner=miner, two_sided=two_sided)
        loss = metric_learning.triplet(features, LABELS, **values)
        assert loss.item() == pytest.approx(mean_above_zero(losses), rel=1e-6)


def test_triplet_by_hand():
    """Images of one identity at 0 and 60 degrees (chord 1), another's at 90 (chords 1.41, .518).

    The first anchor costs nothing (1 - 1.41 + .3 < 0), the second 1 - .518 + .3; the third has no
    positive.
    """
    labels, values = torch.tensor([0, 0, 1]), dict(margin=0.3, miner="hardest")
    loss = metric_learning.triplet(at(0, 60, 90), labels, two_sided=False, **values)
    assert loss.item() == pytest.approx(1 - 2 * math.sin(math.radians(15)) + 0.3)


def test_distance_weighted_selects_negatives_within_reach_of_their_anchor():
    """A negative further than 1.4 is never sampled: of the two, the near one always is."""
    labels, vectors = torch.tensor([0, 0, 1, 2]), at(0, 10, 60, 180)
    torch.manual_seed(0)
    for _ in range(20):
        a, p, n = metric_learning.build_miner("distance_weighted", 0.3)(vectors, labels)
        sampled = set(zip(a.tolist(), p.tolist(), n.tolist(), strict=True))
        assert sampled == {(0, 1, 2), (1, 0, 2)}
    values = dict(margin=1.0, miner="distance_weighted", two_sided=False)
    loss = metric_learning.triplet(vectors, labels, **values)
    chords = {angle: 2 * math.sin(math.radians(angle / 2)) for angle in (10, 50, 60)}
    expected = [1 + chords[10] - chords[60], 1 + chords[10] - chords[50]]
    assert loss.item() == pytest.approx(sum(expected) / 2)


# pairs


def test_contrastive_is_the_double_loop():
    features = batch(len(LABELS), 4)
    distance = distances(features)
    pulled = [max(0.0, distance[i][j] - 0.2) for i in IMAGES for j in positives(i)]
    pushed = [max(0.0, 1.1 - distance[i][j]) for i in IMAGES for j in negatives(i)]
    loss = metric_learning.contrastive(features, LABELS, near=0.2, far=1.1)
    assert loss.item() == pytest.approx(mean_above_zero(pulled) + mean_above_zero(pushed))


ALPHA, BETA, BASE, EPSILON = 2.0, 10.0, 0.5, 0.1


def slow_multi_similarity(similarity: list[list[float]], labels: list[int], anchors: int) -> float:
    """The first `anchors` images against all."""
    total, every = 0.0, range(len(labels))
    for i in range(anchors):
        alike = [similarity[i][j] for j in every if j != i and labels[j] == labels[i]]
        others = [similarity[i][j] for j in every if labels[j] != labels[i]]
        if alike:
            pulled = [x for x in alike if x < max(others) + EPSILON]
            pushed = [x for x in others if x > min(alike) - EPSILON]
            total += math.log(1 + sum(math.exp(-ALPHA * (x - BASE)) for x in pulled)) / ALPHA
            total += math.log(1 + sum(math.exp(BETA * (x - BASE)) for x in pushed)) / BETA
    return total / anchors


def slow_circle(similarity: list[list[float]], labels: list[int], anchors: int) -> float:
    losses, every = [], range(len(labels))
    for i in range(anchors):
        alike = [similarity[i][j] for j in every if j != i and labels[j] == labels[i]]
        others = [similarity[i][j] for j in every if labels[j] != labels[i]]
        if alike:
            pulled = [math.exp(-8 * max(0, 1.25 - x) * (x - 0.75)) for x in alike]
            pushed = [math.exp(8 * max(0, x + 0.25) * (x - 0.25)) for x in others]
            losses.append(math.log(1 + sum(pulled) * sum(pushed)))
    return mean_above_zero(losses)


LOOPS = {
    "multi_similarity": (
        slow_multi_similarity,
        dict(alpha=ALPHA, beta=BETA, base=BASE, epsilon=EPSILON),
    ),
    "circle": (slow_circle, dict(margin=0.25, gamma=8.0)),
}


@pytest.mark.parametrize("name", LOOPS)
def test_weighted_pairs_are_the_double_loop(name):
    slow, values = LOOPS[name]
    features = batch(len(LABELS), 4)
    loss = getattr(metric_learning, name)(features, LABELS, **values)
    assert loss.item() == pytest.approx(slow(cosines(features), LABELS.tolist(), len(LABELS)))


@pytest.mark.parametrize("name", LOOPS)
def test_weighted_pairs_with_a_memory_are_the_loop_over_both(name):
    slow, values = LOOPS[name]
    features, past = batch(6, 4), batch(5, 4, seed=1)
    labels, past_labels = [0, 0, 1, 1, 2, -1], [0, 2, 2, 3, -2]
    memory = Memory(past, torch.tensor(past_labels))
    loss = getattr(metric_learning, name)(features, torch.tensor(labels), memory=memory, **values)
    similarity = cosines(torch.cat([features, past]))
    assert loss.item() == pytest.approx(slow(similarity, labels + past_labels, 6))


def test_lifted_structure_is_the_loop_over_positive_pairs():
    features = batch(len(LABELS), 4)
    distance = distances(features)
    losses = []
    for i in IMAGES:
        for j in positives(i):
            rivals = [math.exp(1 - distance[k][n]) for k in (i, j) for n in negatives(k)]
            losses.append(max(0.0, math.log(sum(rivals)) + distance[i][j]) ** 2 / 2)
    loss = metric_learning.lifted(features, LABELS, margin=1.0)
    assert loss.item() == pytest.approx(sum(losses) / len(losses))


def test_ranked_list_is_the_double_loop():
    margin, radius, temperature = 0.4, 1.2, 3.0
    features = batch(len(LABELS), 4)
    distance = distances(features)
    total = 0.0
    for i in IMAGES:
        pulled = [distance[i][j] - (radius - margin) for j in positives(i)]
        pulled = [x for x in pulled if x > 0]
        pushed = [radius - distance[i][j] for j in negatives(i) if distance[i][j] < radius]
        weights = [math.exp(temperature * x) for x in pushed]
        # the library's 1e-5 per image of the batch keeps an empty sum from dividing by 0
        tiny = 1e-5 * len(LABELS)
        total += 0.5 * sum(pulled) / (len(pulled) + tiny)
        total += (
            0.5 * sum(w * x for w, x in zip(weights, pushed, strict=True)) / (sum(weights) + tiny)
        )
    values = dict(margin=margin, radius=radius, temperature=temperature)
    loss = metric_learning.ranked_list(features, LABELS, **values)
    assert loss.item() == pytest.approx(total / len(LABELS), rel=1e-5)


@pytest.mark.parametrize("name", VALUES)
@few_pairs
def test_a_batch_with_few_pairs_has_a_finite_loss(name, labels):
    check_finite(getattr(metric_learning, name), labels, **VALUES[name])


@pytest.mark.parametrize("labels", [[0, 1, 2, -4], [-1, -2, -3, -4]], ids=["alone", "new"])
def test_triplet_is_0_without_a_positive_pair(labels):
    features = batch(4, 3).requires_grad_()
    loss = metric_learning.triplet(features, torch.tensor(labels), **VALUES["triplet"])
    loss.backward()
    assert loss.item() == 0 and (features.grad == 0).all()


# memory


@pytest.mark.parametrize("name", WITH_MEMORY)
def test_a_memory_gets_no_gradient(name):
    features, labels = batch(6, 4).requires_grad_(), torch.tensor([0, 0, 1, 1, 2, -1])
    past = batch(5, 4, seed=1).requires_grad_()
    memory = Memory(past, torch.tensor([0, 2, 2, 3, -2]))
    loss = getattr(metric_learning, name)(features, labels, memory=memory, **VALUES[name])
    alone = getattr(metric_learning, name)(features, labels, **VALUES[name])
    assert loss.item() > 0 and loss.item() != alone.item()
    loss.backward()
    assert past.grad is None
    assert torch.isfinite(features.grad).all() and features.grad.abs().sum() > 0


def test_triplets_with_a_memory_are_the_loop_over_both():
    """The batch's images are anchors; positives and negatives are in the batch and the memory."""
    features, past = batch(6, 4), batch(5, 4, seed=1)
    labels, past_labels = [0, 0, 1, 1, 2, -1], [0, 2, 2, 3, -2]
    distance, every = distances(torch.cat([features, past])), labels + past_labels
    losses = []
    for a in range(6):
        alike = [j for j in range(11) if j != a and every[j] == every[a]]
        if alike:
            nearest = min(distance[a][j] for j in range(11) if every[j] != every[a])
            losses.append(max(0.0, 0.3 + max(distance[a][j] for j in alike) - nearest))
    memory = Memory(past, torch.tensor(past_labels))
    loss = metric_learning.triplet(
        features, torch.tensor(labels), memory=memory, **VALUES["triplet"]
    )
    assert loss.item() == pytest.approx(mean_above_zero(losses))


def test_contrastive_with_a_memory_by_hand():
    """At 0 degrees, with a positive at 60 (chord 1) in the batch and a negative at 90 in memory.

    Positive pairs: 1 and 1. Negative: chord 1.414 and .518 (30 degrees), far 1.5.
    """
    memory = Memory(at(90), torch.tensor([1]))
    labels, values = torch.tensor([0, 0]), dict(near=0.0, far=1.5)
    loss = metric_learning.contrastive(at(0, 60), labels, memory=memory, **values)
    chords = [2 * math.sin(math.radians(angle / 2)) for angle in (90, 30)]
    assert loss.item() == pytest.approx(1 + 1.5 - sum(chords) / 2)


def test_contrastive_with_a_memory_is_the_double_loop():
    """Two new_whales, one in the memory, may show one individual: they are no pair."""
    features, past = batch(6, 4), batch(5, 4, seed=1)
    labels, past_labels = [0, 0, 1, 1, 2, -1], [0, 2, 2, 3, -2]
    distance, every = distances(torch.cat([features, past])), labels + past_labels
    pulled, pushed = [], []
    for a in range(6):
        for j in range(11):
            if every[j] == every[a] and j != a:
                pulled.append(max(0.0, distance[a][j] - 0.2))
            elif every[j] != every[a] and not (every[a] < 0 and j >= 6 and every[j] < 0):
                pushed.append(max(0.0, 1.8 - distance[a][j]))
    memory = Memory(past, torch.tensor(past_labels))
    loss = metric_learning.contrastive(
        features, torch.tensor(labels), near=0.2, far=1.8, memory=memory
    )
    assert loss.item() == pytest.approx(mean_above_zero(pulled) + mean_above_zero(pushed))
