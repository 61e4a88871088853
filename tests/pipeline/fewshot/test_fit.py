import pytest
import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.fit import Fit, fit
from pipeline.fewshot.prototypical import Prototypical
from tests.pipeline.fewshot.learners import DIM, episodes


def test_the_loss_falls_and_the_learner_is_left_ready():
    torch.manual_seed(0)
    learner = Prototypical(encoders.vectors(DIM, 8))
    losses = fit(learner, lambda step: episodes(seed=step % 5), Fit(60, 0.01), "test")
    assert len(losses) == 60
    assert sum(losses[-5:]) < sum(losses[:5])
    assert not learner.training


def test_a_loss_that_is_no_number_stops_with_its_step():
    learner = Prototypical(encoders.vectors(DIM, 8))
    given = episodes()
    broken = given._replace(queries=given.queries * torch.nan)
    with pytest.raises(FloatingPointError, match="test: the loss is nan at step 2: lower the rate"):
        fit(learner, lambda step: broken if step == 2 else given, Fit(5, 0.01), "test")


def test_no_steps_still_settle():
    learner = Prototypical(encoders.vectors(DIM, 0))
    # nothing to learn: the optimiser would refuse
    learner.scale = torch.nn.Parameter(torch.ones(1))
    assert fit(learner, lambda step: episodes(seed=step), Fit(0, 0.01), "test") == []
