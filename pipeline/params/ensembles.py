"""The sections about predictions: `weigh`, `ensemble`, `submission` and `ensembles`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.params.values import (
    Count,
    CountOrOff,
    Fold,
    Fraction,
    LearningRate,
    NonNegative,
    Section,
    Slug,
    Unique,
)

Format = Literal["map5", "single", "clusters", "photographs"]
LocalScore = Literal[
    "votes",
    "consistent_votes",
    "inliers",
    "ratio",
    "coverage",
    "weighted_inliers",
    "edge_votes",
    "loftr",
]


class Boosting(Section):
    """LightGBM: number of trees, leaves of a tree, learning rate, minimum rows of a leaf."""

    rounds: Annotated[int, Field(ge=1, le=10_000)]
    leaves: Annotated[int, Field(ge=2, le=10_000)]
    learning_rate: LearningRate
    min_leaf: Count


class EnsembleStage(Section):
    """Settings of all ensembles: how scores become log-odds of pairs, and the boosted trees."""

    calibration: Literal["none", "logistic", "isotonic"]
    boosting: Boosting


class SubmissionStage(Section):
    """The form of the answers, and the reordering of the rankings of all queries together.

    At most one of gap and capacity is used; 0 is off.
    """

    format: Format
    gap: Fraction
    capacity: CountOrOff

    @model_validator(mode="after")
    def _check_one_is_off(self) -> "SubmissionStage":
        if self.gap and self.capacity:
            raise ValueError("gap and capacity: the second undoes the first; set one of them to 0")
        return self


class NewWhale(Section):
    """Placing `new_whale`: its log-odds shift is fitted, fixed, swept or set by the prior.

    swept is by MAP@5, balanced by the geometric mean of BAKS and BAUS.
    """

    method: Literal["posterior", "fixed", "swept", "prior", "never", "balanced"]
    shift: Annotated[float, Field(ge=-1000, le=1000)]


class Ensemble(Section):
    """A recipe: which members, which of their scores, and how they are blended."""

    backbones: Annotated[dict[Slug, NonNegative], Field(min_length=1)]
    folds: Annotated[list[Fold], Field(min_length=1), Unique] | Literal["all"]
    scores: Annotated[list[str], Field(min_length=1), Unique]
    local: dict[LocalScore, NonNegative]
    method: Literal["mean", "weighted", "lightgbm"]
    duplicates: bool
    new_whale: NewWhale

    def fold_list(self, trained: list[int]) -> list[int]:
        """The held-out folds of the members that take part, out of the `trained` folds."""
        return trained if self.folds == "all" else self.folds

    def weights(self) -> dict[str, float]:
        """The weights of a mean: one per backbone, and one per local score as "local.votes"."""
        local = {f"local.{score}": weight for score, weight in self.local.items()}
        return dict(self.backbones) | local

    def active_backbones(self) -> list[str]:
        """The backbones with a weight above 0."""
        return [name for name, weight in self.backbones.items() if weight > 0]

    def local_scores(self) -> list[str]:
        """The scores of local features with a weight above 0."""
        return [name for name, weight in self.local.items() if weight > 0]

    @model_validator(mode="after")
    def _check_weights(self) -> "Ensemble":
        if sum(self.backbones.values()) == 0:
            raise ValueError("every backbone has weight 0")
        return self
