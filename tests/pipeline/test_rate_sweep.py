"""Rates that grow by the same factor, and the one that is suggested."""

import numpy as np
import pandas as pd
import pytest

from pipeline import rate_sweep
from pipeline.run import prepare
from tests.pipeline.tiny_network import net

pytestmark = pytest.mark.usefixtures("in_process")


def test_the_rate_grows_by_the_same_factor_over_several_epochs(lesson, settings_with):
    """Ten steps of four batches an epoch: 1e-6 to 1e-3, times 10^(1/3) each."""
    run = prepare(net(settings_with()), lesson, settings_with(), 0)
    table = rate_sweep.sweep(run, 1e-6, 1e-3, 10)
    np.testing.assert_allclose(table["rate"], 10 ** np.linspace(-6, -3, 10))
    assert table["loss"].gt(0).all()
    groups = run.optimizer.param_groups
    np.testing.assert_allclose([group["lr"] / group["share"] for group in groups], 1e-3)
    assert len({group["share"] for group in groups}) == 2  # the backbone's and the head's


def test_the_first_smoothed_loss_is_the_first_loss(lesson, settings_with):
    """The running mean starts at 0 and is brought up for it: m1 = l1, m2 = (.9 l1 + l2) / 1.9."""
    run = prepare(net(settings_with()), lesson, settings_with(), 0)
    table = rate_sweep.sweep(run, 1e-6, 1e-3, 10)
    first, second = table["loss"][:2]
    assert table["smoothed"][0] == pytest.approx(first)
    assert table["smoothed"][1] == pytest.approx((0.9 * first + second) / 1.9)


def test_a_sweep_ends_where_the_training_falls_apart(lesson, settings_with):
    settings = settings_with(clip=0.0, bnneck=False)
    run = prepare(net(settings), lesson, settings, 0)
    table = rate_sweep.sweep(run, 1e-3, 1e30, 40)
    assert len(table) < 40 and np.isfinite(table["loss"]).all()


@pytest.mark.parametrize("low, high, steps", [(0, 1, 20), (1e-2, 1e-3, 20), (1e-3, 1, 9)])
def test_a_sweep_that_makes_no_sense_is_refused(low, high, steps, lesson, settings_with):
    run = prepare(net(settings_with()), lesson, settings_with(), 0)
    with pytest.raises(ValueError, match="0 < low < high, 10 steps or more"):
        rate_sweep.sweep(run, low, high, steps)


def told(*losses: float) -> pd.DataFrame:
    """Losses at rates 1e-5, 1e-4, 1e-3 ..."""
    rates = 10.0 ** np.arange(-5, -5 + len(losses))
    return pd.DataFrame({"rate": rates, "loss": losses})


def test_the_steepest_fall_by_hand():
    """Means of three: 10, 9, 7, 5, 4, 4.3, 12 from 1e-4 on; from 9 to 5 about 1e-2."""
    table = told(10, 10, 10, 7, 4, 4, 4, 5, 27)
    assert rate_sweep.suggestion(table) == pytest.approx(1e-2)


def test_a_tenth_of_the_lowest_losss_rate_where_the_fall_is_steepest_at_the_end():
    """Means of three: 10, 10, 8, 5, 13.3: lowest at 1e-1."""
    table = told(10, 10, 10, 10, 4, 1, 35)
    assert rate_sweep.suggestion(table) == pytest.approx(1e-2)


def test_the_luck_of_one_batch_decides_nothing():
    """A fall about 1e-3 in noise half as large as the fall, and a lucky first batch."""
    rates = np.geomspace(1e-6, 1, 150)
    fall = 18 - 3 / (1 + (1e-3 / rates) ** 2) + 8 / (1 + (0.2 / rates) ** 2)
    for seed in range(20):
        loss = fall + np.random.default_rng(seed).normal(0, 0.5, len(rates))
        loss[0] -= 3
        found = rate_sweep.suggestion(pd.DataFrame({"rate": rates, "loss": loss}))
        assert 2e-4 < found < 5e-3


@pytest.mark.parametrize("losses", [(1, 2, 3, 4, 5, 6), (), (1, 2)])
def test_a_loss_that_never_falls_is_told(losses):
    with pytest.raises(ValueError, match="never falls"):
        rate_sweep.suggestion(told(*losses))
