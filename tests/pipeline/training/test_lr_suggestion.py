"""The learning rate that a range test suggests."""

import numpy as np
import pandas as pd
import pytest

from pipeline.training import lr_suggestion


def range_test(*losses: float) -> pd.DataFrame:
    """Losses at rates 1e-5, 1e-4, 1e-3 ..."""
    return pd.DataFrame({"rate": 10.0 ** np.arange(-5, -5 + len(losses)), "loss": losses})


def test_the_steepest_fall_by_hand():
    """Means of three: 10, 9, 7, 5, 4, 4.3, 12 from 1e-4 on; from 9 to 5 about 1e-2."""
    table = range_test(10, 10, 10, 7, 4, 4, 4, 5, 27)
    assert lr_suggestion.suggest_learning_rate(table) == pytest.approx(1e-2)


def test_a_tenth_of_the_rate_of_the_lowest_loss_if_the_steepest_fall_is_at_the_end():
    """Means of three: 10, 10, 8, 5, 13.3: lowest at 1e-1."""
    table = range_test(10, 10, 10, 10, 4, 1, 35)
    assert lr_suggestion.suggest_learning_rate(table) == pytest.approx(1e-2)


def test_a_single_batch_does_not_decide():
    """A fall about 1e-3 in noise half as large as the fall, and a low first loss."""
    rates = np.geomspace(1e-6, 1, 150)
    fall = 18 - 3 / (1 + (1e-3 / rates) ** 2) + 8 / (1 + (0.2 / rates) ** 2)
    for seed in range(20):
        loss = fall + np.random.default_rng(seed).normal(0, 0.5, len(rates))
        loss[0] -= 3
        rate = lr_suggestion.suggest_learning_rate(pd.DataFrame({"rate": rates, "loss": loss}))
        assert 2e-4 < rate < 5e-3


@pytest.mark.parametrize("losses", [(1, 2, 3, 4, 5, 6), (), (1, 2)])
def test_a_loss_that_never_falls_is_refused(losses):
    with pytest.raises(ValueError, match="never falls"):
        lr_suggestion.suggest_learning_rate(range_test(*losses))
