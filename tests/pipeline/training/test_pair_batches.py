"""Triples for twin networks, and strangers by what a network says."""

from collections import Counter

import numpy as np
import pytest
import torch

from pipeline.models import pair_head
from pipeline.models.pair_head import PairHead
from pipeline.steps.train import train
from pipeline.training import pair_batches
from pipeline.training.pair_batches import PairBatches, alike
from pipeline.training.session import prepare
from tests.pipeline.models.tiny_network import net

# identities 0, 1 and 2 with 1, 2 and 4 images, two new_whales; rows start at 50
LABELS = np.array([0, 1, 1, 2, 2, 2, 2, -1, -1])
ROWS = 50 + np.arange(len(LABELS))


def batches(**changes) -> PairBatches:
    return PairBatches(ROWS, LABELS, **(dict(identities=3, flip="none", seed=0) | changes))


def triples(sampler: PairBatches) -> list[tuple]:
    views = [view for batch in sampler for view in batch]
    return list(zip(views[::3], views[1::3], views[2::3], strict=True))


def test_every_known_image_is_first_once_beside_its_like_and_a_stranger():
    for seed in range(10):
        sampler = batches(seed=seed)
        found = triples(sampler)
        times = Counter(first.row for first, _, _ in found)
        assert set(times) == set(ROWS[:7].tolist()) and sorted(times.values()) == [1] * 5 + [2] * 2
        for first, like, stranger in found:
            assert first.label == like.label == LABELS[first.row - 50]
            assert stranger.label != first.label
            assert (first.row == like.row) == (first.label == 0)  # the only one of its kind
            assert first.seed != like.seed
        assert [len(batch) for batch in sampler] == [9, 9, 9] and len(sampler) == 3


def test_another_epoch_has_other_partners_and_the_same_epoch_the_same():
    sampler = batches()
    first, again = triples(sampler), triples(sampler)
    sampler.epoch = 1
    assert first == again != triples(sampler)


def test_strangers_that_are_named_come():
    sampler = batches()
    sampler.strangers = np.array([3, 4, 5, 0, 0, 0, -1, 8, 7])
    named = {first.row: stranger.row for first, _, stranger in triples(sampler)}
    assert [named[50 + at] for at in range(6)] == [53, 54, 55, 50, 50, 50]
    assert LABELS[named[56] - 50] != 2  # nobody was named: anybody else


@pytest.mark.parametrize("flip", ["augment", "identity"])
def test_mirrored_pairs(flip):
    found = [one for seed in range(20) for one in triples(batches(flip=flip, seed=seed))]
    assert 0.4 < np.mean([first.flipped for first, _, _ in found]) < 0.6
    if flip == "augment":
        assert {first.label for first, _, _ in found} == {0, 1, 2}
        return
    for first, like, _ in found:
        assert first.label == like.label == LABELS[first.row - 50] + 3 * first.flipped
        assert first.flipped == like.flipped


def test_likes_are_a_circle():
    for seed in range(20):
        like = alike(LABELS, np.random.default_rng(seed))
        assert (LABELS[like] == LABELS).all() and sorted(like) == list(range(9))
        assert like[0] == 0 and (like[1:7] != np.arange(1, 7)).all() and (like[7:] == [7, 8]).all()


@pytest.mark.parametrize("at_once", [1, 50, 1 << 22])
def test_similarities_by_a_head_are_those_of_each_pair(at_once, monkeypatch):
    monkeypatch.setattr(pair_batches, "AT_ONCE", at_once)
    torch.manual_seed(0)
    vectors, head = torch.randn(6, 4), PairHead("rich", 4, 8)
    rows, columns = np.array([4, 0, 2]), np.array([1, 5])
    with torch.no_grad():
        found = pair_batches.similarity(vectors, head)(rows, columns)
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                one = torch.sigmoid(head(vectors[row], vectors[column])).item()
                assert found[i, j] == pytest.approx(one, rel=1e-5)
    cosines = pair_batches.similarity(vectors, None)(rows, columns)
    np.testing.assert_allclose(cosines, vectors[rows] @ vectors[columns].T, rtol=1e-6)


def test_the_most_similar_stranger_is_mined():
    """On a circle: 0 and 10, 90 and 100 degrees are each other's."""
    angles = torch.tensor([0.0, 10, 90, 100]).deg2rad()
    vectors = torch.stack([angles.cos(), angles.sin()], dim=1)
    labels = np.array([0, 1, 2, -1])
    found = pair_batches.mined(vectors, None, labels, 99, 0.0, np.random.default_rng(0))
    assert found.tolist() == [1, 0, 3, -1]  # nobody is looked for beside a new_whale


@pytest.mark.usefixtures("in_process")
def test_strangers_are_mined_after_the_first_epoch(lesson, settings_with):
    """With the twin network's head, over epochs; the first has random ones."""
    siamese = {"weight": 1.0, "head": "rich", "hidden": 8}
    settings = settings_with(epochs=2, sampler={"kind": "pairs"}, loss={"siamese": siamese})
    seen = []
    network = net(settings, pair_head=pair_head.for_member(settings))
    run = prepare(network, lesson, settings, 0)
    for epoch in (0, 1):
        seen.append(train.strangers(run, epoch))
    known = lesson.labels >= 0
    for found in seen:
        assert (found[known] >= 0).all()
        assert (lesson.labels[found[known]] != lesson.labels[known]).all()
        assert max(Counter(found[known].tolist()).values()) == 1
    history = train.train(network, lesson, settings, 0)
    assert {"siamese", "arcface"} <= set(history.columns) and np.isfinite(history["siamese"]).all()
