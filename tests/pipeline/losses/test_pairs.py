"""Losses of pairs that the library lacks, against double and triple loops."""

import math

import pytest
import torch

from pipeline.losses import pairs
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
    same,
)

VALUES = {
    "histogram": dict(bins=10),
    "n_pair": dict(scale=16.0, new_whale=True),
    "quadruplet": dict(margin=0.3, second_margin=0.15),
}


def test_quadruplet_is_the_loop():
    features = batch(len(LABELS), 4)
    distance = distances(features)
    first, second = [], []
    for i in IMAGES:
        if not positives(i):
            continue
        hardest = max(distance[i][j] for j in positives(i)) ** 2
        n = min(negatives(i), key=distance[i].__getitem__)
        third = min(distance[n][j] for j in IMAGES if not same(i, j) and not same(n, j)) ** 2
        first.append(max(0.0, 0.3 + hardest - distance[i][n] ** 2))
        second.append(max(0.0, 0.15 + hardest - third))
    expected = mean_above_zero(first) + mean_above_zero(second)
    loss = pairs.quadruplet(features, LABELS, margin=0.3, second_margin=0.15)
    assert loss.item() == pytest.approx(expected)


def test_histogram_by_hand():
    """Cosines on the middles of bins: positives 1, 0, 0, negatives -1, -1, 0.

    One of three negatives is as similar as two of three positives: 2/9.
    """
    loss = pairs.histogram(at(0, 0, 90, 180), torch.tensor([0, 0, 0, 1]), bins=4)
    assert loss.item() == pytest.approx(2 / 9, abs=1e-6)


def test_histogram_is_the_double_loop():
    features, bins = batch(len(LABELS), 4), 5
    counts = {True: [0.0] * (bins + 1), False: [0.0] * (bins + 1)}
    for i in IMAGES:
        for j in range(i):
            position = (cosines(features)[i][j] + 1) / 2 * bins
            for k in range(bins + 1):
                counts[same(i, j)][k] += max(0.0, 1 - abs(position - k))
    fractions = {kind: [x / sum(row) for x in row] for kind, row in counts.items()}
    expected = sum(fractions[False][k] * sum(fractions[True][: k + 1]) for k in range(bins + 1))
    assert pairs.histogram(features, LABELS, bins=bins).item() == pytest.approx(expected)


@pytest.mark.parametrize("new_whale", [False, True])
def test_n_pair_is_the_double_loop(new_whale):
    features = batch(len(LABELS), 4)
    similarity = cosines(features)
    firsts, seconds, single = [0, 4, 7], [1, 5, 8], [9, 10, 11]
    others = seconds + single if new_whale else seconds
    expected = sum(
        math.log(sum(math.exp(6 * similarity[a][j]) for j in others)) - 6 * similarity[a][p]
        for a, p in zip(firsts, seconds, strict=True)
    )
    loss = pairs.n_pair(features, LABELS, scale=6.0, new_whale=new_whale)
    assert loss.item() == pytest.approx(expected / 3)


@pytest.mark.parametrize("name", VALUES)
@few_pairs
def test_pairs_and_quadruplets_stay_finite_in_a_batch_with_few_pairs(name, labels):
    check_finite(getattr(pairs, name), labels, **VALUES[name])


@pytest.mark.parametrize("name", ["n_pair", "quadruplet"])
@pytest.mark.parametrize("labels", [[0, 1, 2, -4], [-1, -2, -3, -4]], ids=["alone", "new"])
def test_the_loss_is_0_without_a_positive_pair(name, labels):
    features = batch(4, 3).requires_grad_()
    loss = getattr(pairs, name)(features, torch.tensor(labels), **VALUES[name])
    loss.backward()
    assert loss.item() == 0 and (features.grad == 0).all()
