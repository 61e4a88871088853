import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.pt_map import PTMap, powered, sinkhorn
from tests.pipeline.fewshot.learners import CLASSES, DIM, WAYS, episodes


def test_sinkhorn_rows_and_columns_sum_to_what_they_must():
    logits = 3 * torch.randn(2, 8, 4, generator=torch.Generator().manual_seed(0))
    columns = torch.tensor([[2.0, 2.0, 2.0, 2.0], [1.0, 3.0, 1.0, 3.0]])
    plan = sinkhorn(logits, columns)
    torch.testing.assert_close(plan.sum(dim=2), torch.ones(2, 8))
    torch.testing.assert_close(plan.sum(dim=1), columns, rtol=1e-3, atol=1e-3)


def test_sinkhorn_keeps_what_no_scaling_can_change():
    logits = torch.randn(1, 3, 2, generator=torch.Generator().manual_seed(0))
    plan = sinkhorn(logits, torch.tensor([[1.5, 1.5]])).log()

    def cross(m):
        return m[0, 0, 0] + m[0, 1, 1] - m[0, 0, 1] - m[0, 1, 0]

    torch.testing.assert_close(cross(plan), cross(logits))


def test_an_absent_class_takes_no_share():
    logits = torch.zeros(1, 4, 3)
    logits[..., 2] = -torch.inf
    plan = sinkhorn(logits, torch.tensor([[2.0, 2.0, 0.0]]))
    assert plan[0, 0].tolist() == [0.5, 0.5, 0.0]


def test_a_balanced_task_is_shared_out_evenly():
    learner = PTMap(encoders.vectors(DIM, 0), CLASSES, balanced=True).eval()
    given = episodes(queries=3)
    with torch.no_grad():
        shares = learner.scores(given.support, given.queries, WAYS).exp()
    torch.testing.assert_close(shares.sum(dim=1), torch.full((3, WAYS), 3.0), rtol=0.02, atol=0.02)


def test_the_power_keeps_signs_and_makes_unit_lengths():
    told = powered(torch.tensor([[4.0, -1.0, 0.0]]))
    torch.testing.assert_close(told.norm(), torch.tensor(1.0))
    torch.testing.assert_close(told[0, 0] / told[0, 1], torch.tensor(-2.0), rtol=1e-5, atol=1e-5)
