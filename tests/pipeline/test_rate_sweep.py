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


def told(*smoothed: float) -> pd.DataFrame:
    """Losses at rates 1e-5, 1e-4, 1e-3 ..."""
    rates = 10.0 ** np.arange(-5, -5 + len(smoothed))
    return pd.DataFrame({"rate": rates, "loss": smoothed, "smoothed": smoothed})


def test_the_steepest_fall_is_suggested():
    """From 9.5 to 5 about 1e-3 (slopes over two decades), the lowest at 1e-1."""
    assert rate_sweep.suggestion(told(10, 9.5, 7, 5, 4.5, 30)) == pytest.approx(1e-3)


def test_a_tenth_of_the_lowest_losss_rate_where_the_fall_is_steepest_at_the_end():
    assert rate_sweep.suggestion(told(10, 9.9, 9, 4, 30)) == pytest.approx(1e-3)


def test_a_loss_that_never_falls_is_told():
    for losses in ((1, 2, 3, 4), ()):
        with pytest.raises(ValueError, match="never falls"):
            rate_sweep.suggestion(told(*losses))
