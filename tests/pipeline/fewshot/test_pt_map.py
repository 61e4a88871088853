import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.pt_map import PTMap, power_transform, sinkhorn
from tests.pipeline.fewshot.synthetic import CLASSES, DIM, WAYS, sample_episodes


def test_sinkhorn_rows_and_columns_have_the_required_sums():
    logits = 3 * torch.randn(2, 8, 4, generator=torch.Generator().manual_seed(0))
    columns = torch.tensor([[2.0, 2.0, 2.0, 2.0], [1.0, 3.0, 1.0, 3.0]])
    plan = sinkhorn(logits, columns)
    torch.testing.assert_close(plan.sum(dim=2), torch.ones(2, 8))
    torch.testing.assert_close(plan.sum(dim=1), columns, rtol=1e-3, atol=1e-3)


def test_sinkhorn_preserves_the_cross_ratios():
    """They are invariant under scaling of rows and columns."""
    logits = torch.randn(1, 3, 2, generator=torch.Generator().manual_seed(0))
    plan = sinkhorn(logits, torch.tensor([[1.5, 1.5]])).log()

    def cross(m):
        return m[0, 0, 0] + m[0, 1, 1] - m[0, 0, 1] - m[0, 1, 0]

    torch.testing.assert_close(cross(plan), cross(logits))


def test_an_absent_class_gets_nothing():
    logits = torch.zeros(1, 4, 3)
    logits[..., 2] = -torch.inf
    plan = sinkhorn(logits, torch.tensor([[2.0, 2.0, 0.0]]))
    assert plan[0, 0].tolist() == [0.5, 0.5, 0.0]


def test_balanced_tasks_are_distributed_evenly():
    learner = PTMap(encoders.residual(DIM, 0), CLASSES, balanced=True).eval()
    episodes = sample_episodes(queries=3)
    with torch.no_grad():
        plan = learner.score(episodes.support, episodes.queries, WAYS).exp()
    torch.testing.assert_close(plan.sum(dim=1), torch.full((3, WAYS), 3.0), rtol=0.02, atol=0.02)


def test_the_power_transform_keeps_signs_and_gives_unit_lengths():
    transformed = power_transform(torch.tensor([[4.0, -1.0, 0.0]]))
    torch.testing.assert_close(transformed.norm(), torch.tensor(1.0))
    ratio = transformed[0, 0] / transformed[0, 1]
    torch.testing.assert_close(ratio, torch.tensor(-2.0), rtol=1e-5, atol=1e-5)
