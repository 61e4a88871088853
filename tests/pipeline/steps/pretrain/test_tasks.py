"""The self-supervised tasks, number by number."""

import math

import numpy as np
import pytest
import torch

from pipeline.steps.pretrain.clusters import TEMPERATURE, Clusters
from pipeline.steps.pretrain.rotation import Rotation, turned
from pipeline.steps.pretrain.simsiam import SimSiam, predicted


def test_the_predicted_side_stands_still():
    prediction = torch.tensor([[1.0, 0.0]], requires_grad=True)
    target = torch.tensor([[0.6, 0.8]], requires_grad=True)
    cost = predicted(prediction, target)
    assert cost.item() == pytest.approx(-0.6)
    cost.backward()
    assert target.grad is None and prediction.grad.abs().sum() > 0


def test_simsiam_is_the_mean_of_both_directions():
    torch.manual_seed(0)
    task = SimSiam(6, 8)
    first, second = torch.randn(2, 5, 6)
    cost, vectors = task(first, second)
    ahead, behind = task.projector(first), task.projector(second)

    def slow(prediction, target) -> float:
        pairs = zip(prediction.detach(), target.detach(), strict=True)
        cosines = [float(a @ b / a.norm() / b.norm()) for a, b in pairs]
        return -sum(cosines) / len(cosines)

    expected = slow(task.predictor(ahead), behind) + slow(task.predictor(behind), ahead)
    assert cost.item() == pytest.approx(expected / 2, rel=1e-4)
    torch.testing.assert_close(vectors, first)


def test_squares_four_ways_up_by_hand():
    """2 x 2 pixels: 1 2 above 3 4; a quarter turn puts 2 4 above 1 3."""
    crop = torch.tensor([[[[1, 2], [3, 4]]]], dtype=torch.uint8)
    found, quarters = turned(crop)
    assert found[:, 0].tolist() == [
        [[1, 2], [3, 4]],
        [[2, 4], [1, 3]],
        [[4, 3], [2, 1]],
        [[3, 1], [4, 2]],
    ]
    assert quarters.tolist() == [0, 1, 2, 3] and found.dtype == torch.uint8


def test_a_wide_crop_becomes_a_square():
    """Its shape would tell that it stands upright."""
    found, quarters = turned(torch.zeros(3, 4, 8, 16, dtype=torch.uint8))
    assert (
        found.shape == (12, 4, 8, 8) and quarters.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    )


def test_rotation_costs_the_cross_entropy_of_the_quarters():
    task = Rotation(2)
    task.head.weight.data = torch.zeros(4, 2)
    task.head.bias.data = torch.tensor([0.0, math.log(3), 0.0, 0.0])
    cost, logits = task(torch.randn(2, 2), torch.tensor([1, 0]))
    assert cost.item() == pytest.approx((math.log(2) + math.log(6)) / 2)
    assert logits.shape == (2, 4)


@pytest.fixture
def clusters() -> Clusters:
    """Six photographs in two bunches, at 0 and at 90 degrees."""
    torch.manual_seed(0)
    task = Clusters(4, 2, photographs=6, clusters=2, seed=0)
    angles = torch.tensor([0.0, 5, -5, 85, 90, 95]).deg2rad()
    task.memory.copy_(torch.stack([angles.cos(), angles.sin()], dim=1))
    return task


def test_clusters_are_the_bunches_of_the_memory(clusters):
    clusters.renew(epoch=0)
    members = clusters.members.tolist()
    assert members[:3] == [members[0]] * 3 and members[3:] == [1 - members[0]] * 3
    np.testing.assert_allclose(clusters.centres[members[0]], [1, 0], atol=1e-3)
    assert clusters.largest_share() == 0.5


def test_the_cost_is_the_cross_entropy_of_the_cluster_and_the_vectors_are_remembered(clusters):
    clusters.renew(epoch=0)
    pooled, places = torch.randn(2, 4), torch.tensor([4, 1])
    cost, vectors = clusters(pooled, places)
    expected = 0.0
    for vector, place in zip(vectors, places, strict=True):
        logits = [float(vector @ centre) / TEMPERATURE for centre in clusters.centres]
        whole = math.log(sum(map(math.exp, logits)))
        expected += (whole - logits[clusters.members[place]]) / 2
    assert cost.item() == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(clusters.memory[places], vectors.detach())
    assert vectors.norm(dim=1).tolist() == pytest.approx([1, 1])


def test_fewer_photographs_than_clusters():
    task = Clusters(4, 8, photographs=3, clusters=100, seed=0)
    task.memory.copy_(torch.nn.functional.normalize(torch.randn(3, 8)))
    task.renew(0)
    assert task.count == 3 and set(task.members.tolist()) == {0, 1, 2}


def test_half_precision_around_a_task(clusters):
    """What comes out is float32, near what float32 gives."""
    clusters.renew(epoch=0)
    torch.manual_seed(0)
    siam, pooled, places = SimSiam(4, 8), torch.randn(6, 4), torch.arange(6)
    plain = siam(pooled[:3], pooled[3:])[0], clusters(pooled, places)[0]
    with torch.autocast("cpu", torch.bfloat16):
        half = siam(pooled[:3], pooled[3:])[0], clusters(pooled, places)[0]
    for one, other in zip(plain, half, strict=True):
        assert other.dtype == torch.float32 and other.item() == pytest.approx(one.item(), abs=0.1)
