"""Point weights against a known Bayes factor."""

import numpy as np
import pandas as pd
import pytest

from pipeline.params import Boosting
from pipeline.steps.weigh.point_weights import FEATURES, PointWeigher

PARAMS = Boosting(rounds=80, leaves=7, learning_rate=0.1, min_leaf=200)


def sample_points(count: int = 20_000) -> tuple[pd.DataFrame, np.ndarray]:
    """Points anywhere: in the query's upper half 1 in 2 is of the same animal, below 1 in 10."""
    rng = np.random.default_rng(0)
    points = pd.DataFrame(rng.random((count, len(FEATURES))), columns=FEATURES)
    return points, rng.random(count) < np.where(points["y"] < 0.5, 0.5, 0.1)


def test_the_known_bayes_factor_is_fitted():
    """Above: odds of 1 instead of 3 / 7 (prior .3), a factor of 7 / 3. Below: against, so 0."""
    points, same = sample_points()
    weigher = PointWeigher().fit(points, same, np.ones(len(points)), PARAMS)
    weights = weigher.weigh(points)
    upper = (points["y"] < 0.5).to_numpy()
    assert weights[upper].mean() == pytest.approx(np.log(7 / 3), abs=0.1)
    assert not weights[~upper].any()


def test_a_point_of_weight_3_counts_as_three_points():
    points, same = sample_points(3000)
    heavy = (points["x"] > 0.7).to_numpy()
    repetitions = np.repeat(np.arange(3000), np.where(heavy, 3, 1))
    loose = PARAMS.model_copy(update={"min_leaf": 1, "rounds": 5, "leaves": 2})
    weighted = PointWeigher().fit(points, same, np.where(heavy, 3.0, 1.0), loose)
    repeated = PointWeigher().fit(
        points.iloc[repetitions], same[repetitions], np.ones(len(repetitions)), loose
    )
    assert weighted.prior_ == pytest.approx(repeated.prior_)
    # repeated points move the edges of LightGBM's bins, and with them a few points near an edge
    difference = np.abs(weighted.weigh(points) - repeated.weigh(points))
    assert np.quantile(difference, 0.98) < 0.01


@pytest.mark.parametrize("same", [True, False])
def test_points_of_one_class_leave_the_weigher_unfitted(same):
    points, _ = sample_points(500)
    weigher = PointWeigher().fit(points, np.full(500, same), np.ones(500), PARAMS)
    assert not weigher.weigh(points).any()


def test_no_point_gives_no_weight():
    points, same = sample_points(500)
    weigher = PointWeigher().fit(points[:0], same[:0], np.ones(0), PARAMS)
    assert weigher.weigh(points[:0]).shape == (0,)
    assert PointWeigher().fit(points, same, np.ones(500), PARAMS).weigh(points[:0]).shape == (0,)


@pytest.mark.parametrize("fitted", [True, False])
def test_a_saved_weigher_loads_unchanged(tmp_path, fitted):
    points, same = sample_points(2000)
    weigher = PointWeigher()
    if fitted:
        weigher.fit(points, same, np.ones(2000), PARAMS)
    weigher.save(tmp_path / "weigher.json")
    loaded = PointWeigher.load(tmp_path / "weigher.json")
    assert np.array_equal(loaded.weigh(points), weigher.weigh(points))
    assert fitted == bool(loaded.weigh(points).any())
