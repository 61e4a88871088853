"""What a point says, where it is known beforehand."""

import numpy as np
import pandas as pd
import pytest

from pipeline.params import Boosting
from pipeline.steps.weigh.point_weights import FEATURES, Scale

PARAMS = Boosting(rounds=80, leaves=7, learning_rate=0.1, min_leaf=200)


def drawn(count: int = 20_000) -> tuple[pd.DataFrame, np.ndarray]:
    """Points anywhere; on the upper half of the query half of them are of the same animal, on the
    lower half one in ten."""
    rng = np.random.default_rng(0)
    points = pd.DataFrame(rng.random((count, len(FEATURES))), columns=FEATURES)
    return points, rng.random(count) < np.where(points["y"] < 0.5, 0.5, 0.1)


def test_the_known_bayes_factor_is_found():
    """Above: odds of 1 instead of 3 to 7 before (.3): a factor of 7 / 3. Below: against, so 0."""
    points, same = drawn()
    scale = Scale().fit(points, same, np.ones(len(points)), PARAMS)
    evidence = scale.evidence(points)
    upper = (points["y"] < 0.5).to_numpy()
    assert evidence[upper].mean() == pytest.approx(np.log(7 / 3), abs=0.1)
    assert not evidence[~upper].any()


def test_a_point_of_weight_3_counts_as_three():
    points, same = drawn(3000)
    heavy = (points["x"] > 0.7).to_numpy()
    copied = np.repeat(np.arange(3000), np.where(heavy, 3, 1))
    loose = PARAMS.model_copy(update={"min_leaf": 1, "rounds": 5, "leaves": 2})
    weighed = Scale().fit(points, same, np.where(heavy, 3.0, 1.0), loose)
    repeated = Scale().fit(points.iloc[copied], same[copied], np.ones(len(copied)), loose)
    assert weighed.prior_ == pytest.approx(repeated.prior_)
    # copies move the edges of LightGBM's bins, and with them a few points near an edge
    difference = np.abs(weighed.evidence(points) - repeated.evidence(points))
    assert np.quantile(difference, 0.98) < 0.01


@pytest.mark.parametrize("same", [True, False])
def test_points_of_one_kind_teach_nothing(same):
    points, _ = drawn(500)
    scale = Scale().fit(points, np.full(500, same), np.ones(500), PARAMS)
    assert not scale.evidence(points).any()


def test_no_point_says_nothing():
    points, same = drawn(500)
    scale = Scale().fit(points[:0], same[:0], np.ones(0), PARAMS)
    assert scale.evidence(points[:0]).shape == (0,)
    assert Scale().fit(points, same, np.ones(500), PARAMS).evidence(points[:0]).shape == (0,)


@pytest.mark.parametrize("learned", [True, False])
def test_it_comes_back_from_its_file(tmp_path, learned):
    points, same = drawn(2000)
    scale = Scale()
    if learned:
        scale.fit(points, same, np.ones(2000), PARAMS)
    scale.save(tmp_path / "scale.json")
    back = Scale.load(tmp_path / "scale.json")
    assert np.array_equal(back.evidence(points), scale.evidence(points))
    assert learned == bool(back.evidence(points).any())
