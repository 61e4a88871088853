import pytest
import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.fit import FitSettings, cosine_decay, fit, linear_decay
from pipeline.fewshot.nearest import Nearest
from pipeline.fewshot.prototypical import Prototypical
from tests.pipeline.fewshot.synthetic import CLASSES, DIM, sample_episodes


def test_the_loss_falls_and_the_learner_is_left_in_evaluation_mode():
    torch.manual_seed(0)
    learner = Prototypical(encoders.residual(DIM, 8))
    settings = FitSettings(60, 0.01)
    losses = fit(learner, lambda step: sample_episodes(seed=step % 5), settings, "test")
    assert len(losses) == 60
    assert sum(losses[-5:]) < sum(losses[:5])
    assert not learner.training


def test_a_loss_that_is_not_finite_raises_with_its_step():
    learner = Prototypical(encoders.residual(DIM, 8))
    episodes = sample_episodes()
    broken = episodes._replace(queries=episodes.queries * torch.nan)
    message = "test: the loss is nan at step 2: lower the learning rate 0.01"
    with pytest.raises(FloatingPointError, match=message):
        fit(
            learner,
            lambda step: broken if step == 2 else episodes,
            FitSettings(5, 0.01),
            "test",
        )


def test_weights_that_are_not_finite_after_the_last_step_raise():
    learner = Prototypical(encoders.residual(DIM, 8))

    def broken(*_) -> float:
        learner.encoder.body.branch[0].bias.data.fill_(torch.nan)
        return 1.0

    learner.update = broken
    with pytest.raises(FloatingPointError, match="test: weights are not finite after the last"):
        fit(learner, lambda step: sample_episodes(), FitSettings(1, 0.01), "test")


@pytest.mark.parametrize(
    "decay, expected",
    [
        (cosine_decay, [0.2, 0.1 + 0.1 / 2**0.5, 0.1, 0.1 - 0.1 / 2**0.5]),
        (linear_decay, [0.2, 0.15, 0.1, 0.05]),
    ],
)
def test_the_learning_rate_falls(decay, expected):
    learner = Prototypical(encoders.residual(DIM, 8))
    rates = []

    def record(episodes, optimizer) -> float:
        rates.append(optimizer.param_groups[0]["lr"])
        return 1.0

    learner.update = record
    fit(learner, lambda step: sample_episodes(), FitSettings(4, 0.2, decay), "test")
    assert rates == pytest.approx(expected)


def test_training_is_finished_even_without_steps():
    learner = Nearest(encoders.residual(DIM, 0), CLASSES, "mahalanobis")
    settings = FitSettings(0, 0.01)
    assert fit(learner, lambda step: sample_episodes(seed=step), settings, "test") == []
    assert not torch.equal(learner.whitening, torch.eye(DIM))
