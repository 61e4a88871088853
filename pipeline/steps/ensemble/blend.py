"""A recipe's blend: fitted on held-out queries, it gives candidates their log-odds."""

from typing import Self

import numpy as np
import pandas as pd

from pipeline.evaluation import protocol
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.params import Ensemble, EnsembleStage, Evaluation
from pipeline.steps.ensemble.assemble import FoldEvidence, stack_folds
from pipeline.steps.ensemble.boosting import BoostedBlend
from pipeline.steps.ensemble.linear_blends import MeanBlend, WeightedBlend
from pipeline.steps.ensemble.missing_kinds import add_new_queries, count_known, has_known
from pipeline.steps.ensemble.pair_calibration import BlendModel, CalibratedBlend
from pipeline.steps.ensemble.prior_blend import PriorBlend

COLUMNS = ["query", "fold", "test", "identity", "log_odds"]
# known held-out queries: of fewer, trees learn the scores by heart. On nyala, MAP@5 of LightGBM and
# of weights fitted on 15 is .556 and .628, on 120 .639 and .641, on 480 .650 and .645 (blend_sizes)
LEAST_FOR_TREES = 200


class Blend:
    """An ensemble's recipe as a model of log-odds against new_whale (0 is as likely).

    recipe : the ensemble; settings : what all ensembles share; evaluation : prior, parts and seed
    tests : the test queries by fold, which place new_whale if no held-out query is known

        Blend(recipe, settings, evaluation, tests).fit(held_out).log_odds(folds)

    Where a fit has no known or no new individuals, see `missing_kinds`.

    Tables have the columns COLUMNS, one row per (query, fold, candidate).

    Attributes: model_, and method_, the recipe's or the one that took its place.
    """

    def __init__(
        self,
        recipe: Ensemble,
        settings: EnsembleStage,
        evaluation: Evaluation,
        tests: list[FoldEvidence],
    ) -> None:
        self.recipe, self.settings, self.evaluation = recipe, settings, evaluation
        self.tests = tests

    def fit(self, held_out: FoldEvidence, method: str | None = None) -> Self:
        """Fit on these held-out queries, new ones weighted to the prior; returns self.

        method : that of `choose_method`, if these are some of the queries that it was chosen for
        """
        can_learn = has_known(held_out)
        if method is None or not can_learn:
            method = self._choose_method(held_out, can_learn)
        self.method_ = method
        self.model_ = self._fit_model(self._complete(held_out, method), method)
        return self

    def log_odds(self, folds: list[FoldEvidence]) -> pd.DataFrame:
        """Score queries that the fit never saw, fold by fold."""
        tables = [_build_table(fold, self.model_.log_odds(fold), fold.fold) for fold in folds]
        return pd.concat(tables, ignore_index=True)

    def cross_fit(self, held_out: FoldEvidence, method: str | None = None) -> pd.DataFrame:
        """Score held-out queries, each by a fit without its duplicate group.

        method : as of `fit`; chosen for these queries unless given
        """
        log_odds = np.full(len(held_out.query), np.nan)
        method = method or self.choose_method(held_out)
        # once, as the method: a copy is in the group, and so in the part, of its query
        complete = self._complete(held_out, method)
        parts = zip(self._divide(held_out), self._divide(complete), strict=True)
        for (_, score), (fit, _) in parts:
            model = self._fit_model(complete.select(fit), method)
            log_odds[score[held_out.query]] = model.log_odds(held_out.select(score))
        return _build_table(held_out, log_odds, held_out.queries["fold"].to_numpy())

    def choose_method(self, held_out: FoldEvidence) -> str:
        """The recipe's method, or another one if too few queries are known; `prior` learns nothing.

        One for a cross-fit and for the fit on all: what another kind of model makes of held-out
        queries would say nothing of the test's.
        """
        parts = [fit for fit, _ in self._divide(held_out)]
        can_learn = has_known(held_out) and all(has_known(held_out, part) for part in parts)
        return self._choose_method(held_out, can_learn)

    def _choose_method(self, held_out: FoldEvidence, can_learn: bool) -> str:
        if not can_learn:
            return "prior"
        if self.recipe.method == "lightgbm" and count_known(held_out) < LEAST_FOR_TREES:
            return "weighted"
        return self.recipe.method

    def _divide(self, held_out: FoldEvidence) -> CrossFit:
        evaluation = self.evaluation
        return CrossFit(held_out.queries["group"], evaluation.crossfit, evaluation.seed)

    def _complete(self, held_out: FoldEvidence, method: str) -> FoldEvidence:
        """The queries with what stands in for new ones, which only a fit that learns needs."""
        return held_out if method == "prior" else add_new_queries(held_out)

    def _fit_model(
        self, held_out: FoldEvidence, method: str
    ) -> BlendModel | CalibratedBlend | PriorBlend:
        prior = self.evaluation.new_whale_prior
        if method == "prior":
            return PriorBlend(self.recipe.weights(), prior).fit(stack_folds(self.tests))
        weights = protocol.query_weights(held_out.queries["kind"], prior)
        model, kind = self._build_model(method), self.settings.calibration
        if kind == "none":
            return model.fit(held_out, weights)
        return CalibratedBlend(model, kind).fit(held_out, weights)

    def _build_model(self, method: str) -> BlendModel:
        if method == "mean":
            return MeanBlend(self.recipe.weights())
        if method == "weighted":
            return WeightedBlend()
        return BoostedBlend(self.settings.boosting, self.evaluation.seed)


def _build_table(
    evidence: FoldEvidence, log_odds: np.ndarray, fold: int | np.ndarray
) -> pd.DataFrame:
    """The candidates' log-odds as a table; `fold` is one number, or one per query."""
    query = evidence.query
    columns = {
        "query": evidence.queries["image"].to_numpy()[query],
        "fold": np.broadcast_to(fold, len(evidence.queries))[query],
        "test": evidence.is_test[query],
        "identity": evidence.identity,
        "log_odds": log_odds,
    }
    return pd.DataFrame(columns)
