"""Triples for siamese networks, and hard negatives by a network's embeddings."""

from collections import Counter

import numpy as np
import pytest
import torch

from pipeline.losses import hard_negatives
from pipeline.models import pair_head
from pipeline.models.pair_head import PairHead
from pipeline.steps.train import train
from pipeline.steps.train.epoch import mine_negatives
from pipeline.training import pair_batches
from pipeline.training.pair_batches import PairBatches, sample_positives
from pipeline.training.session import start_session
from tests.pipeline.models.tiny_network import net

# identities 0, 1 and 2 with 1, 2 and 4 images, two new_whales; rows start at 50
LABELS = np.array([0, 1, 1, 2, 2, 2, 2, -1, -1])
ROWS = 50 + np.arange(len(LABELS))


def batches(**changes) -> PairBatches:
    return PairBatches(ROWS, LABELS, **(dict(identities=3, flip="none", seed=0) | changes))


def triples(sampler: PairBatches) -> list[tuple]:
    views = [view for batch in sampler for view in batch]
    return list(zip(views[::3], views[1::3], views[2::3], strict=True))


def test_every_known_image_is_an_anchor_with_a_positive_and_a_negative():
    for seed in range(10):
        sampler = batches(seed=seed)
        sampled = triples(sampler)
        times = Counter(anchor.row for anchor, _, _ in sampled)
        assert set(times) == set(ROWS[:7].tolist()) and sorted(times.values()) == [1] * 5 + [2] * 2
        for anchor, positive, negative in sampled:
            assert anchor.label == positive.label == LABELS[anchor.row - 50]
            assert negative.label != anchor.label
            assert (anchor.row == positive.row) == (anchor.label == 0)  # with one photograph
            assert anchor.seed != positive.seed
        assert [len(batch) for batch in sampler] == [9, 9, 9] and len(sampler) == 3


def test_another_epoch_has_other_triples_and_the_same_epoch_the_same():
    sampler = batches()
    first, again = triples(sampler), triples(sampler)
    sampler.epoch = 1
    assert first == again != triples(sampler)


def test_hard_negatives_are_used():
    sampler = batches()
    sampler.hard_negatives = np.array([3, 4, 5, 0, 0, 0, -1, 8, 7])
    negative_of = {anchor.row: negative.row for anchor, _, negative in triples(sampler)}
    assert [negative_of[50 + at] for at in range(6)] == [53, 54, 55, 50, 50, 50]
    assert LABELS[negative_of[56] - 50] != 2  # -1: a random other individual


@pytest.mark.parametrize("flip", ["augment", "identity"])
def test_mirrored_pairs(flip):
    sampled = [triple for seed in range(20) for triple in triples(batches(flip=flip, seed=seed))]
    assert 0.4 < np.mean([anchor.flipped for anchor, _, _ in sampled]) < 0.6
    if flip == "augment":
        assert {anchor.label for anchor, _, _ in sampled} == {0, 1, 2}
        return
    for anchor, positive, _ in sampled:
        assert anchor.label == positive.label == LABELS[anchor.row - 50] + 3 * anchor.flipped
        assert anchor.flipped == positive.flipped


def test_positives_form_a_circle():
    for seed in range(20):
        positives = sample_positives(LABELS, np.random.default_rng(seed))
        assert (LABELS[positives] == LABELS).all() and sorted(positives) == list(range(9))
        assert positives[0] == 0 and (positives[1:7] != np.arange(1, 7)).all()
        assert (positives[7:] == [7, 8]).all()


@pytest.mark.parametrize("at_once", [1, 50, 1 << 22])
def test_scores_by_a_head_are_those_of_each_pair(at_once, monkeypatch):
    monkeypatch.setattr(hard_negatives, "MAX_NUMBERS", at_once)
    torch.manual_seed(0)
    vectors, head = torch.randn(6, 4), PairHead("rich", 4, 8)
    rows, columns = np.array([4, 0, 2]), np.array([1, 5])
    with torch.no_grad():
        scores = pair_batches.build_scorer(vectors, head)(rows, columns)
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                expected = torch.sigmoid(head(vectors[row], vectors[column])).item()
                assert scores[i, j] == pytest.approx(expected, rel=1e-5)
    cosines = pair_batches.build_scorer(vectors, None)(rows, columns)
    np.testing.assert_allclose(cosines, vectors[rows] @ vectors[columns].T, rtol=1e-6)


def test_the_most_similar_negative_is_mined():
    """On a circle: 0 and 10, 90 and 100 degrees are the nearest."""
    angles = torch.tensor([0.0, 10, 90, 100]).deg2rad()
    vectors = torch.stack([angles.cos(), angles.sin()], dim=1)
    labels = np.array([0, 1, 2, -1])
    negatives = pair_batches.mine_hard_negatives(
        vectors, None, labels, 99, 0.0, np.random.default_rng(0)
    )
    assert negatives.tolist() == [1, 0, 3, -1]  # a new_whale is no anchor


@pytest.mark.usefixtures("in_process")
def test_negatives_are_mined_with_the_siamese_head(training_set, settings_with):
    """In a training, from the second epoch on; the first has random negatives."""
    siamese = {"weight": 1.0, "head": "rich", "hidden": 8}
    settings = settings_with(epochs=2, sampler={"kind": "pairs"}, loss={"siamese": siamese})
    network = net(settings, pair_head=pair_head.build_pair_head(settings))
    session = start_session(network, training_set, settings, 0)
    labels = training_set.labels
    known = labels >= 0
    for epoch in (0, 1):
        negatives = mine_negatives(session, session.batches, epoch)[known]
        assert (negatives >= 0).all() and (labels[negatives] != labels[known]).all()
        assert max(Counter(negatives.tolist()).values()) == 1
    history, _ = train.train(network, training_set, settings, 0)
    assert {"siamese", "arcface"} <= set(history.columns) and np.isfinite(history["siamese"]).all()
