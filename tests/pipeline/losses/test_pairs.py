"""Losses of pairs and triplets against double and triple loops."""

import math

import pytest
import torch

from pipeline.losses import pairs
from pipeline.losses.identities import own_labels
from tests.pipeline.losses.synthetic import at, batch, cosine, unit

# 4, 3, 2, 1 images of an identity and two new_whales: mining that assumes as many each goes astray
LABELS = own_labels(torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, -1, -1]))
PLACES = range(len(LABELS))


def distances(features: torch.Tensor) -> list[list[float]]:
    rows = [unit(row) for row in features.tolist()]
    return [[math.dist(a, b) for b in rows] for a in rows]


def cosines(features: torch.Tensor) -> list[list[float]]:
    rows = features.tolist()
    return [[cosine(a, b) for b in rows] for a in rows]


def same(i: int, j: int) -> bool:
    return LABELS[i].item() == LABELS[j].item()


def positives(i: int) -> list[int]:
    return [j for j in PLACES if j != i and same(i, j)]


def negatives(i: int) -> list[int]:
    return [j for j in PLACES if not same(i, j)]


def mean_of_costly(costs: list[float]) -> float:
    costs = [cost for cost in costs if cost > 0]
    return sum(costs) / len(costs) if costs else 0.0


# triplets


def triplets(far: list[list[float]], miner: str, margin: float) -> list[tuple[int, int, int]]:
    """What each miner picks, anchor by anchor."""
    if miner == "hardest":
        return [
            (i, max(positives(i), key=row.__getitem__), min(negatives(i), key=row.__getitem__))
            for i, row in enumerate(far)
            if positives(i)
        ]
    every = [(i, p, n) for i in PLACES for p in positives(i) for n in negatives(i)]
    if miner == "all":
        return [(i, p, n) for i, p, n in every if far[i][n] - far[i][p] <= margin]
    if miner == "semi_hard":
        return [(i, p, n) for i, p, n in every if 0 < far[i][n] - far[i][p] <= margin]
    near = [[1 - x * x / 2 for x in row] for row in far]  # cosines
    return [
        (i, p, n)
        for i, p, n in every
        if near[i][n] > min(near[i][j] for j in positives(i)) - 0.1
        and near[i][p] < max(near[i][j] for j in negatives(i)) + 0.1
    ]


@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize("miner", ["hardest", "semi_hard", "all", "multi_similarity"])
def test_triplet_is_the_loop_over_what_the_miner_picks(miner, two_sided):
    for seed in range(5):
        features = 5 * batch(len(LABELS), 6, seed)
        far = distances(features)
        costs = []
        for a, p, n in triplets(far, miner, 0.3):
            costs.append(max(0.0, 0.3 + far[a][p] - far[a][n]))
            if two_sided:
                costs.append(max(0.0, 0.3 + far[a][p] - far[p][n]))
        found = pairs.triplet(features, LABELS, margin=0.3, miner=miner, two_sided=two_sided)
        assert found.item() == pytest.approx(mean_of_costly(costs), rel=1e-6)


def test_triplet_by_hand():
    """Images of one identity at 0 and 60 degrees (chord 1), another's at 90 (chords 1.41, .518).

    The first anchor costs nothing (1 - 1.41 + .3 < 0), the second 1 - .518 + .3; the third has no
    positive.
    """
    labels, values = torch.tensor([0, 0, 1]), dict(margin=0.3, miner="hardest")
    cost = pairs.triplet(at(0, 60, 90), labels, two_sided=False, **values)
    assert cost.item() == pytest.approx(1 - 2 * math.sin(math.radians(15)) + 0.3)


def test_distance_weighted_picks_negatives_within_reach_of_their_anchor():
    """A negative further than 1.4 is never drawn: of the two there are, the near one always is."""
    labels, vectors = torch.tensor([0, 0, 1, 2]), at(0, 10, 60, 180)
    torch.manual_seed(0)
    for _ in range(20):
        a, p, n = pairs.mining("distance_weighted", 0.3)(vectors, labels)
        drawn = set(zip(a.tolist(), p.tolist(), n.tolist(), strict=True))
        assert drawn == {(0, 1, 2), (1, 0, 2)}
    values = dict(margin=1.0, miner="distance_weighted", two_sided=False)
    cost = pairs.triplet(vectors, labels, **values)
    chords = {angle: 2 * math.sin(math.radians(angle / 2)) for angle in (10, 50, 60)}
    expected = [1 + chords[10] - chords[60], 1 + chords[10] - chords[50]]
    assert cost.item() == pytest.approx(sum(expected) / 2)


def test_quadruplet_is_the_loop():
    features = batch(len(LABELS), 4)
    far = distances(features)
    first, second = [], []
    for i in PLACES:
        if not positives(i):
            continue
        hardest = max(far[i][j] for j in positives(i)) ** 2
        n = min(negatives(i), key=far[i].__getitem__)
        third = min(far[n][j] for j in PLACES if not same(i, j) and not same(n, j)) ** 2
        first.append(max(0.0, 0.3 + hardest - far[i][n] ** 2))
        second.append(max(0.0, 0.15 + hardest - third))
    expected = mean_of_costly(first) + mean_of_costly(second)
    found = pairs.quadruplet(features, LABELS, margin=0.3, second_margin=0.15)
    assert found.item() == pytest.approx(expected)


# pairs


def test_contrastive_is_the_double_loop():
    features = batch(len(LABELS), 4)
    far = distances(features)
    near = [max(0.0, far[i][j] - 0.2) for i in PLACES for j in positives(i)]
    apart = [max(0.0, 1.1 - far[i][j]) for i in PLACES for j in negatives(i)]
    found = pairs.contrastive(features, LABELS, near=0.2, far=1.1)
    assert found.item() == pytest.approx(mean_of_costly(near) + mean_of_costly(apart))


ALPHA, BETA, BASE, EPSILON = 2.0, 10.0, 0.5, 0.1


def slow_multi_similarity(near: list[list[float]], labels: list[int], anchors: int) -> float:
    """The first `anchors` images against all."""
    total, every = 0.0, range(len(labels))
    for i in range(anchors):
        likes = [near[i][j] for j in every if j != i and labels[j] == labels[i]]
        others = [near[i][j] for j in every if labels[j] != labels[i]]
        if likes:
            pulled = [x for x in likes if x < max(others) + EPSILON]
            pushed = [x for x in others if x > min(likes) - EPSILON]
            total += math.log(1 + sum(math.exp(-ALPHA * (x - BASE)) for x in pulled)) / ALPHA
            total += math.log(1 + sum(math.exp(BETA * (x - BASE)) for x in pushed)) / BETA
    return total / anchors


def slow_circle(near: list[list[float]], labels: list[int], anchors: int) -> float:
    costs, every = [], range(len(labels))
    for i in range(anchors):
        likes = [near[i][j] for j in every if j != i and labels[j] == labels[i]]
        others = [near[i][j] for j in every if labels[j] != labels[i]]
        if likes:
            pulled = [math.exp(-8 * max(0, 1.25 - x) * (x - 0.75)) for x in likes]
            pushed = [math.exp(8 * max(0, x + 0.25) * (x - 0.25)) for x in others]
            costs.append(math.log(1 + sum(pulled) * sum(pushed)))
    return mean_of_costly(costs)


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
    found = getattr(pairs, name)(features, LABELS, **values)
    assert found.item() == pytest.approx(slow(cosines(features), LABELS.tolist(), len(LABELS)))


@pytest.mark.parametrize("name", LOOPS)
def test_weighted_pairs_with_older_vectors_are_the_loop_over_both(name):
    slow, values = LOOPS[name]
    features, older = batch(6, 4), batch(5, 4, seed=1)
    labels, old_labels = [0, 0, 1, 1, 2, -1], [0, 2, 2, 3, -2]
    before = pairs.Older(older, torch.tensor(old_labels))
    found = getattr(pairs, name)(features, torch.tensor(labels), older=before, **values)
    near = cosines(torch.cat([features, older]))
    assert found.item() == pytest.approx(slow(near, labels + old_labels, 6))


def test_lifted_structure_is_the_loop_over_positive_pairs():
    features = batch(len(LABELS), 4)
    far = distances(features)
    costs = []
    for i in PLACES:
        for j in positives(i):
            rivals = [math.exp(1 - far[k][n]) for k in (i, j) for n in negatives(k)]
            costs.append(max(0.0, math.log(sum(rivals)) + far[i][j]) ** 2 / 2)
    found = pairs.lifted(features, LABELS, margin=1.0)
    assert found.item() == pytest.approx(sum(costs) / len(costs))


def test_ranked_list_is_the_double_loop():
    margin, radius, temperature = 0.4, 1.2, 3.0
    features = batch(len(LABELS), 4)
    far = distances(features)
    total = 0.0
    for i in PLACES:
        pulled = [far[i][j] - (radius - margin) for j in positives(i)]
        pulled = [x for x in pulled if x > 0]
        pushed = [radius - far[i][j] for j in negatives(i) if far[i][j] < radius]
        weights = [math.exp(temperature * x) for x in pushed]
        # the library's 1e-5 for each image of the batch keeps an empty sum from dividing by 0
        few = 1e-5 * len(LABELS)
        total += 0.5 * sum(pulled) / (len(pulled) + few)
        total += (
            0.5 * sum(w * x for w, x in zip(weights, pushed, strict=True)) / (sum(weights) + few)
        )
    values = dict(margin=margin, radius=radius, temperature=temperature)
    found = pairs.ranked_list(features, LABELS, **values)
    assert found.item() == pytest.approx(total / len(LABELS), rel=1e-5)


def test_histogram_by_hand():
    """Cosines on the middles of bins: positives 1, 0, 0, negatives -1, -1, 0.

    One of three negatives is as similar as two of three positives: 2/9.
    """
    cost = pairs.histogram(at(0, 0, 90, 180), torch.tensor([0, 0, 0, 1]), bins=4)
    assert cost.item() == pytest.approx(2 / 9, abs=1e-6)


def test_histogram_is_the_double_loop():
    features, bins = batch(len(LABELS), 4), 5
    counts = {True: [0.0] * (bins + 1), False: [0.0] * (bins + 1)}
    for i in PLACES:
        for j in range(i):
            place = (cosines(features)[i][j] + 1) / 2 * bins
            for k in range(bins + 1):
                counts[same(i, j)][k] += max(0.0, 1 - abs(place - k))
    shares = {kind: [x / sum(row) for x in row] for kind, row in counts.items()}
    expected = sum(shares[False][k] * sum(shares[True][: k + 1]) for k in range(bins + 1))
    assert pairs.histogram(features, LABELS, bins=bins).item() == pytest.approx(expected)


@pytest.mark.parametrize("new_whale", [False, True])
def test_n_pair_is_the_double_loop(new_whale):
    features = batch(len(LABELS), 4)
    near = cosines(features)
    firsts, seconds, lonely = [0, 4, 7], [1, 5, 8], [9, 10, 11]
    others = seconds + lonely if new_whale else seconds
    expected = sum(
        math.log(sum(math.exp(6 * near[a][j]) for j in others)) - 6 * near[a][p]
        for a, p in zip(firsts, seconds, strict=True)
    )
    found = pairs.n_pair(features, LABELS, scale=6.0, new_whale=new_whale)
    assert found.item() == pytest.approx(expected / 3)


# nothing to learn, and things to remember

VALUES = {
    "triplet": dict(margin=0.3, miner="hardest", two_sided=False),
    "contrastive": dict(near=0.0, far=1.0),
    "multi_similarity": dict(alpha=2.0, beta=50.0, base=0.5, epsilon=0.1),
    "circle": dict(margin=0.25, gamma=64.0),
    "lifted": dict(margin=1.0),
    "ranked_list": dict(margin=0.4, radius=1.2, temperature=4.0),
    "histogram": dict(bins=10),
    "n_pair": dict(scale=16.0, new_whale=True),
    "quadruplet": dict(margin=0.3, second_margin=0.15),
}
REMEMBERING = ["triplet", "contrastive", "multi_similarity", "circle"]


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(
    "labels", [[-1, -2, -3, -4], [0, 0, 0, 0], [0]], ids=["new", "one identity", "one image"]
)
def test_a_batch_that_teaches_little_costs_something_finite(name, labels):
    features = batch(len(labels), 3).requires_grad_()
    cost = getattr(pairs, name)(features, torch.tensor(labels), **VALUES[name])
    assert torch.isfinite(cost)
    if cost.requires_grad:
        cost.backward()
        assert torch.isfinite(features.grad).all()


@pytest.mark.parametrize("name", ["triplet", "n_pair", "quadruplet"])
@pytest.mark.parametrize("labels", [[0, 1, 2, -4], [-1, -2, -3, -4]], ids=["alone", "new"])
def test_no_positive_pair_costs_nothing(name, labels):
    features = batch(4, 3).requires_grad_()
    cost = getattr(pairs, name)(features, torch.tensor(labels), **VALUES[name])
    cost.backward()
    assert cost.item() == 0 and (features.grad == 0).all()


@pytest.mark.parametrize("name", REMEMBERING)
def test_older_vectors_stand_still(name):
    features, labels = batch(6, 4).requires_grad_(), torch.tensor([0, 0, 1, 1, 2, -1])
    vectors = batch(5, 4, seed=1).requires_grad_()
    before = pairs.Older(vectors, torch.tensor([0, 2, 2, 3, -2]))
    cost = getattr(pairs, name)(features, labels, older=before, **VALUES[name])
    alone = getattr(pairs, name)(features, labels, **VALUES[name])
    assert cost.item() > 0 and cost.item() != alone.item()
    cost.backward()
    assert vectors.grad is None
    assert torch.isfinite(features.grad).all() and features.grad.abs().sum() > 0


def test_triplets_with_older_vectors_are_the_loop_over_both():
    """The batch's images as anchors; positives and negatives from the batch and from before."""
    features, older = batch(6, 4), batch(5, 4, seed=1)
    labels, old_labels = [0, 0, 1, 1, 2, -1], [0, 2, 2, 3, -2]
    far, every = distances(torch.cat([features, older])), labels + old_labels
    costs = []
    for a in range(6):
        likes = [j for j in range(11) if j != a and every[j] == every[a]]
        if likes:
            near = min(far[a][j] for j in range(11) if every[j] != every[a])
            costs.append(max(0.0, 0.3 + max(far[a][j] for j in likes) - near))
    before = pairs.Older(older, torch.tensor(old_labels))
    found = pairs.triplet(features, torch.tensor(labels), older=before, **VALUES["triplet"])
    assert found.item() == pytest.approx(mean_of_costly(costs))


def test_contrastive_with_older_vectors_by_hand():
    """At 0 degrees, with its like at 60 (chord 1) in the batch and a stranger at 90 in memory.

    Positive pairs: 1 and 1. Negative: chord 1.414 and .518 (30 degrees), far 1.5.
    """
    before = pairs.Older(at(90), torch.tensor([1]))
    cost = pairs.contrastive(at(0, 60), torch.tensor([0, 0]), near=0.0, far=1.5, older=before)
    chords = [2 * math.sin(math.radians(angle / 2)) for angle in (90, 30)]
    assert cost.item() == pytest.approx(1 + 1.5 - sum(chords) / 2)
