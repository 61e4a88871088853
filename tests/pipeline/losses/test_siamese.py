"""The twin network's loss against a double loop over its pairs."""

import itertools
import math

import pytest
import torch

from pipeline.losses.siamese import Twin
from pipeline.models.pair_head import KINDS, PairHead
from tests.pipeline.losses.synthetic import at, batch, unit

LABELS = [0, 0, 1, 1, 2, -1]


def slow(loss: Twin, vectors: torch.Tensor, labels: list[int]) -> float:
    """Softplus pair by pair; strangers by trying every way to hand them out."""
    rows = torch.tensor([unit(row) for row in vectors.tolist()], dtype=torch.float64)
    places = range(len(labels))
    logit = [[loss.head(rows[i], rows[j]).item() for j in places] for i in places]

    def stranger(i: int, j: int) -> bool:
        return i != j and (labels[i] != labels[j] or labels[i] == -1)

    ways = [w for w in itertools.permutations(places) if all(map(stranger, places, w))]
    way = max(ways, key=lambda w: sum(logit[i][j] for i, j in enumerate(w)))
    same = [(i, j) for i in places for j in range(i) if labels[i] == labels[j] != -1]
    alike = [math.log(1 + math.exp(-logit[i][j])) for i, j in same]
    apart = [math.log(1 + math.exp(logit[i][j])) for i, j in enumerate(way)]
    return (sum(alike) / len(alike) + sum(apart) / len(apart)) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_double_loop(kind):
    torch.manual_seed(0)
    loss = Twin(PairHead(kind, 5, 8)).double()
    vectors = batch(6, 5)
    found = loss(vectors, torch.tensor(LABELS))
    assert found.item() == pytest.approx(slow(loss, vectors, LABELS))


def test_one_kind_of_pair_alone_is_the_whole_cost():
    """Two images of one individual: no stranger to be found. Two of two: no positive."""
    torch.manual_seed(0)
    loss = Twin(PairHead("absolute", 2, 8)).double()
    logit = loss.head(*at(0, 60)).item()
    assert loss(at(0, 60), torch.tensor([0, 0])).item() == pytest.approx(
        math.log(1 + math.exp(-logit))
    )
    assert loss(at(0, 60), torch.tensor([0, -1])).item() == pytest.approx(
        math.log(1 + math.exp(logit))
    )


def test_a_single_image_costs_nothing():
    vectors = batch(1, 3).requires_grad_()
    cost = Twin(PairHead("rich", 3, 4)).double()(vectors, torch.tensor([0]))
    cost.backward()
    assert cost.item() == 0 and (vectors.grad == 0).all()
