"""The learning-rate range test: its rates, its smoothed loss, its end."""

import numpy as np
import pytest

from pipeline.training import lr_range
from pipeline.training.session import start_session
from tests.pipeline.models.tiny_network import net

pytestmark = pytest.mark.usefixtures("in_process")


def test_the_rate_grows_by_the_same_factor_over_several_epochs(training_set, settings_with):
    """Ten steps of four batches an epoch: 1e-6 to 1e-3, times 10^(1/3) each."""
    session = start_session(net(settings_with()), training_set, settings_with(), 0)
    table = lr_range.run_range_test(session, 1e-6, 1e-3, 10)
    np.testing.assert_allclose(table["rate"], 10 ** np.linspace(-6, -3, 10))
    assert table["loss"].gt(0).all()
    groups = session.optimizer.param_groups
    np.testing.assert_allclose([group["lr"] / group["lr_scale"] for group in groups], 1e-3)
    assert len({group["lr_scale"] for group in groups}) == 2  # the backbone's and the head's


def test_the_first_smoothed_loss_is_the_first_loss(training_set, settings_with):
    """The running mean starts at 0 and is corrected for that: m1 = l1, m2 = (.9 l1 + l2) / 1.9."""
    session = start_session(net(settings_with()), training_set, settings_with(), 0)
    table = lr_range.run_range_test(session, 1e-6, 1e-3, 10)
    first, second = table["loss"][:2]
    assert table["smoothed"][0] == pytest.approx(first)
    assert table["smoothed"][1] == pytest.approx((0.9 * first + second) / 1.9)


def test_it_ends_when_the_loss_diverges(training_set, settings_with):
    settings = settings_with(clip=0.0, bnneck=False)
    session = start_session(net(settings), training_set, settings, 0)
    table = lr_range.run_range_test(session, 1e-3, 1e30, 40)
    assert len(table) < 40 and np.isfinite(table["loss"]).all()


@pytest.mark.parametrize("low, high, steps", [(0, 1, 20), (1e-2, 1e-3, 20), (1e-3, 1, 9)])
def test_impossible_rates_or_steps_are_refused(low, high, steps, training_set, settings_with):
    session = start_session(net(settings_with()), training_set, settings_with(), 0)
    with pytest.raises(ValueError, match="0 < low < high, 10 steps or more"):
        lr_range.run_range_test(session, low, high, steps)
