"""The weight of one matched point as evidence for "the same animal", fitted on known pairs."""

from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from scipy.special import logit

from pipeline.data import tables
from pipeline.models import boosted_trees
from pipeline.params import Boosting
from pipeline.system.errors import explain_damage

FEATURES = ["x", "y", "gallery_x", "gallery_y", "distance", "ratio"]


class PointWeigher:
    """Boosted trees over where a point lies on both animals and how distinctive its match is.

    A stone between the legs fits the transform as well as a stripe of the flank does, but it shows
    the place instead of the animal. The weigher learns where the points of same pairs lie, and
    where those of different pairs do. The weight of a point is the log of the factor by which it
    raises the odds of the same animal. It is never negative: a point on the ground is no evidence
    of another animal.

    Attributes: trees_ (None if unfitted: all weights are 0), prior_ (log-odds of the same animal,
    before anything is known of a point).
    """

    def __init__(self) -> None:
        self.trees_: lightgbm.Booster | None = None
        self.prior_ = 0.0

    def fit(
        self, points: pd.DataFrame, same: np.ndarray, sample_weights: np.ndarray, params: Boosting
    ) -> "PointWeigher":
        """Fit on n points (columns FEATURES) of same and of different pairs. Returns self.

        same : bool n, whether the point's pair shows the same animal. With only one class the
            weigher stays unfitted
        sample_weights : n
        """
        if same.all() or not same.any():
            return self
        data = lightgbm.Dataset(points[FEATURES], same.astype(float), weight=sample_weights)
        self.trees_ = lightgbm.train(
            boosted_trees.lightgbm_parameters(params), data, num_boost_round=params.rounds
        )
        self.prior_ = float(logit(np.average(same, weights=sample_weights)))
        return self

    def weigh(self, points: pd.DataFrame) -> np.ndarray:
        """Return the weights of n points, 0 or more."""
        if self.trees_ is None or points.empty:
            return np.zeros(len(points))
        odds = self.trees_.predict(points[FEATURES], raw_score=True, num_threads=1)
        return np.clip(np.asarray(odds) - self.prior_, 0, None)

    def save(self, path: Path) -> None:
        """Write as JSON, with the trees in LightGBM's text format."""
        text = None if self.trees_ is None else self.trees_.model_to_string()
        tables.write_json({"prior": self.prior_, "trees": text}, path)

    @classmethod
    def load(cls, path: Path) -> "PointWeigher":
        """Read a file of `save`; raises UserError if it is damaged."""
        stored, weigher = tables.read_json(path), cls()
        with explain_damage(path):
            weigher.prior_ = float(stored["prior"])
            if stored["trees"] is not None:
                weigher.trees_ = lightgbm.Booster(model_str=stored["trees"])
        return weigher
