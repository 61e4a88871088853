"""The siamese loss against a double loop over its pairs."""

import itertools
import math

import pytest
import torch

from pipeline.losses import hard_negatives
from pipeline.losses.siamese import SiameseLoss
from pipeline.models.pair_head import KINDS, PairHead
from tests.pipeline.losses.synthetic import at, batch, unit

LABELS = [0, 0, 1, 1, 2, -1]


def slow(loss: SiameseLoss, vectors: torch.Tensor, labels: list[int]) -> float:
    """Softplus pair by pair; negatives by trying every assignment."""
    rows = torch.tensor([unit(row) for row in vectors.tolist()], dtype=torch.float64)
    images = range(len(labels))
    logit = [[loss.head(rows[i], rows[j]).item() for j in images] for i in images]

    def is_negative(i: int, j: int) -> bool:
        return i != j and (labels[i] != labels[j] or labels[i] == -1)

    orders = [o for o in itertools.permutations(images) if all(map(is_negative, images, o))]
    best = max(orders, key=lambda order: sum(logit[i][j] for i, j in enumerate(order)))
    same = [(i, j) for i in images for j in range(i) if labels[i] == labels[j] != -1]
    positive = [math.log(1 + math.exp(-logit[i][j])) for i, j in same]
    negative = [math.log(1 + math.exp(logit[i][j])) for i, j in enumerate(best)]
    return (sum(positive) / len(positive) + sum(negative) / len(negative)) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_double_loop(kind):
    torch.manual_seed(0)
    loss = SiameseLoss(PairHead(kind, 5, 8)).double()
    vectors = batch(6, 5)
    value = loss(vectors, torch.tensor(LABELS)).item()
    assert value == pytest.approx(slow(loss, vectors, LABELS))


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_batch_is_mined_in_blocks_and_gets_the_same_negatives(kind, monkeypatch):
    """40 images of 16 numbers, with room for ten rows of pairs: eight at a time are compared."""
    torch.manual_seed(0)
    loss = SiameseLoss(PairHead(kind, 16, 8)).double()
    vectors, labels = batch(40, 16), torch.arange(40) // 4
    expected = loss.mine_negatives(vectors, labels)
    shapes = []
    loss.head.register_forward_pre_hook(lambda _, args: shapes.append(args[0].shape[0]))
    monkeypatch.setattr(hard_negatives, "MAX_NUMBERS", 10 * 40 * loss.head.numbers)
    assert loss.mine_negatives(vectors, labels).equal(expected)
    assert shapes == [8] * 5


def test_with_one_kind_of_pair_the_loss_is_its_mean():
    """Two images of one individual have no negative; one of each of two have no positive."""
    torch.manual_seed(0)
    loss = SiameseLoss(PairHead("absolute", 2, 8)).double()
    logit = loss.head(*at(0, 60)).item()
    assert loss(at(0, 60), torch.tensor([0, 0])).item() == pytest.approx(
        math.log(1 + math.exp(-logit))
    )
    assert loss(at(0, 60), torch.tensor([0, -1])).item() == pytest.approx(
        math.log(1 + math.exp(logit))
    )


def test_a_single_image_costs_nothing():
    vectors = batch(1, 3).requires_grad_()
    loss = SiameseLoss(PairHead("rich", 3, 4)).double()(vectors, torch.tensor([0]))
    loss.backward()
    assert loss.item() == 0 and (vectors.grad == 0).all()
