import pytest
import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.fit import Fit, fit
from pipeline.fewshot.nearest import Nearest
from pipeline.fewshot.prototypical import Prototypical
from tests.pipeline.fewshot.learners import CLASSES, DIM, episodes


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


def test_weights_that_the_last_step_broke_are_noticed():
    learner = Prototypical(encoders.vectors(DIM, 8))

    def broken(*_) -> float:
        learner.encoder.body.added[0].bias.data.fill_(torch.nan)
        return 1.0

    learner.update = broken
    with pytest.raises(FloatingPointError, match="test: the last step left weights that are no"):
        fit(learner, lambda step: episodes(), Fit(1, 0.01), "test")


def test_the_rate_falls_along_a_cosine():
    rates = [Fit(4, 0.2).at(step) for step in range(4)]
    assert rates == pytest.approx([0.2, 0.1 + 0.1 / 2**0.5, 0.1, 0.1 - 0.1 / 2**0.5])


def test_no_steps_still_settle():
    learner = Nearest(encoders.vectors(DIM, 0), CLASSES, "mahalanobis")
    assert fit(learner, lambda step: episodes(seed=step), Fit(0, 0.01), "test") == []
    assert not torch.equal(learner.whitening, torch.eye(DIM))
