"""What one matched point says of "the same animal", learned from pairs whose truth is known."""

import json
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from scipy.special import logit

from pipeline.data import tables
from pipeline.models import boosted_trees
from pipeline.params import Boosting

FEATURES = ["x", "y", "there_x", "there_y", "distance", "clearness"]


class Scale:
    """Boosted trees over where a point lies on both animals and how clear its match is.

    A stone between the legs fits one map as well as a stripe of the flank does, and shows the place
    instead of the animal. The scale learns where points of the same animal lie, and where those of
    others: the evidence of a point is the log of the factor by which it raises the odds, and 0 for
    one that speaks against: a point of the ground is no sign of another animal.

    Attributes: trees_ (None where nothing was learned: no point says anything), prior_ (log-odds
    of a point before anything is known of it).
    """

    def __init__(self) -> None:
        self.trees_: lightgbm.Booster | None = None
        self.prior_ = 0.0

    def fit(
        self, points: pd.DataFrame, same: np.ndarray, each: np.ndarray, params: Boosting
    ) -> "Scale":
        """Learn from n points (columns FEATURES), of pairs that are the same (bool) or not, with
        the weight of each; of one kind alone, nothing. Returns self.
        """
        if same.all() or not same.any():
            return self
        data = lightgbm.Dataset(points[FEATURES], same.astype(float), weight=each)
        self.trees_ = lightgbm.train(
            boosted_trees.settings(params), data, num_boost_round=params.rounds
        )
        self.prior_ = float(logit(np.average(same, weights=each)))
        return self

    def evidence(self, points: pd.DataFrame) -> np.ndarray:
        """The evidence of n points, 0 or more."""
        if self.trees_ is None or points.empty:
            return np.zeros(len(points))
        odds = self.trees_.predict(points[FEATURES], raw_score=True, num_threads=1)
        return np.clip(odds - self.prior_, 0, None)

    def save(self, path: Path) -> None:
        """Write as JSON; the trees are LightGBM's own text."""
        text = None if self.trees_ is None else self.trees_.model_to_string()
        tables.write_json({"prior": self.prior_, "trees": text}, path)

    @classmethod
    def load(cls, path: Path) -> "Scale":
        """What `save` wrote."""
        told, scale = json.loads(path.read_text()), cls()
        scale.prior_ = told["prior"]
        if told["trees"] is not None:
            scale.trees_ = lightgbm.Booster(model_str=told["trees"])
        return scale
