"""The self-supervised tasks, number by number."""

import math

import numpy as np
import pytest
import torch

from pipeline.steps.pretrain.clusters import TEMPERATURE, Clusters
from pipeline.steps.pretrain.rotation import Rotation, rotate_crops
from pipeline.steps.pretrain.simsiam import SimSiam, negative_cosine


def test_the_predicted_side_gets_no_gradient():
    prediction = torch.tensor([[1.0, 0.0]], requires_grad=True)
    target = torch.tensor([[0.6, 0.8]], requires_grad=True)
    loss = negative_cosine(prediction, target)
    assert loss.item() == pytest.approx(-0.6)
    loss.backward()
    assert target.grad is None and prediction.grad.abs().sum() > 0


def test_simsiam_is_the_mean_of_both_directions():
    torch.manual_seed(0)
    task = SimSiam(6, 8)
    first, second = torch.randn(2, 5, 6)
    loss, vectors = task(first, second)
    projection1, projection2 = task.projector(first), task.projector(second)

    def slow(prediction, target) -> float:
        pairs = zip(prediction.detach(), target.detach(), strict=True)
        cosines = [float(a @ b / a.norm() / b.norm()) for a, b in pairs]
        return -sum(cosines) / len(cosines)

    expected = slow(task.predictor(projection1), projection2)
    expected += slow(task.predictor(projection2), projection1)
    assert loss.item() == pytest.approx(expected / 2, rel=1e-4)
    torch.testing.assert_close(vectors, first)


def test_four_rotations_by_hand():
    """2 x 2 pixels: 1 2 above 3 4; a quarter turn puts 2 4 above 1 3."""
    crop = torch.tensor([[[[1, 2], [3, 4]]]], dtype=torch.uint8)
    rotated, quarters = rotate_crops(crop)
    assert rotated[:, 0].tolist() == [
        [[1, 2], [3, 4]],
        [[2, 4], [1, 3]],
        [[4, 3], [2, 1]],
        [[3, 1], [4, 2]],
    ]
    assert quarters.tolist() == [0, 1, 2, 3] and rotated.dtype == torch.uint8


def test_a_wide_crop_becomes_a_square():
    """Its shape would show that it stands upright."""
    rotated, quarters = rotate_crops(torch.zeros(3, 4, 8, 16, dtype=torch.uint8))
    assert (
        rotated.shape == (12, 4, 8, 8)
        and quarters.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    )


def test_rotation_is_the_cross_entropy_of_the_quarters():
    task = Rotation(2)
    task.head.weight.data = torch.zeros(4, 2)
    task.head.bias.data = torch.tensor([0.0, math.log(3), 0.0, 0.0])
    loss, logits = task(torch.randn(2, 2), torch.tensor([1, 0]))
    assert loss.item() == pytest.approx((math.log(2) + math.log(6)) / 2)
    assert logits.shape == (2, 4)


@pytest.fixture
def clusters() -> Clusters:
    """Six photographs in two groups, at 0 and at 90 degrees."""
    torch.manual_seed(0)
    task = Clusters(4, 2, photographs=6, clusters=2, seed=0)
    angles = torch.tensor([0.0, 5, -5, 85, 90, 95]).deg2rad()
    task.memory.copy_(torch.stack([angles.cos(), angles.sin()], dim=1))
    return task


def test_clusters_are_the_groups_of_the_memory(clusters):
    clusters.renew(epoch=0)
    assigned = clusters.assignment.tolist()
    assert assigned[:3] == [assigned[0]] * 3 and assigned[3:] == [1 - assigned[0]] * 3
    np.testing.assert_allclose(clusters.centres[assigned[0]], [1, 0], atol=1e-3)
    assert clusters.largest_fraction() == 0.5


def test_the_loss_is_the_cross_entropy_of_the_cluster_and_vectors_are_remembered(clusters):
    clusters.renew(epoch=0)
    pooled, rows = torch.randn(2, 4), torch.tensor([4, 1])
    loss, vectors = clusters(pooled, rows)
    expected = 0.0
    for vector, row in zip(vectors, rows, strict=True):
        logits = [float(vector @ centre) / TEMPERATURE for centre in clusters.centres]
        whole = math.log(sum(map(math.exp, logits)))
        expected += (whole - logits[clusters.assignment[row]]) / 2
    assert loss.item() == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(clusters.memory[rows], vectors.detach())
    assert vectors.norm(dim=1).tolist() == pytest.approx([1, 1])


def test_fewer_photographs_than_clusters():
    task = Clusters(4, 8, photographs=3, clusters=100, seed=0)
    task.memory.copy_(torch.nn.functional.normalize(torch.randn(3, 8)))
    task.renew(0)
    assert task.count == 3 and set(task.assignment.tolist()) == {0, 1, 2}


def test_autocast_around_a_task(clusters):
    """The losses are float32, near those without autocast."""
    clusters.renew(epoch=0)
    torch.manual_seed(0)
    simsiam, pooled, rows = SimSiam(4, 8), torch.randn(6, 4), torch.arange(6)
    plain = simsiam(pooled[:3], pooled[3:])[0], clusters(pooled, rows)[0]
    with torch.autocast("cpu", torch.bfloat16):
        half = simsiam(pooled[:3], pooled[3:])[0], clusters(pooled, rows)[0]
    for one, other in zip(plain, half, strict=True):
        assert other.dtype == torch.float32 and other.item() == pytest.approx(one.item(), abs=0.1)
