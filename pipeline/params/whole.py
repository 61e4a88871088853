"""The whole of params.yaml, and what one section asks of another."""

from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from pipeline.params.answering import (
    FEW_SHOT,
    Boosting,
    Ensemble,
    EnsembleStage,
    Identify,
    Match,
    Neighbours,
    Report,
    Rerank,
    Score,
    SubmissionStage,
    Verify,
)
from pipeline.params.learning import Backbone, Embed, Pretrain, Train
from pipeline.params.photographs import (
    Competition,
    Crop,
    Dedup,
    Demo,
    Evaluation,
    Folds,
    Keypoints,
    Labels,
)
from pipeline.params.reading import explained
from pipeline.params.values import Section, Slug

# the scores that `neighbours` and `rerank` can put into the evidence
NEIGHBOUR_SCORES = {"nearest", "mean", "centre", "vote", "margin_score", "reciprocal"}
RERANK_SCORES = {"reranked", "reptile", "prototypes", "k_reciprocal", "siamese_head", *FEW_SHOT}


class Params(Section):
    """The whole file."""

    demo: Demo
    competition: Competition
    dedup: Dedup
    labels: Labels
    crop: Crop
    folds: Folds
    evaluation: Evaluation
    pretrain: Pretrain
    train: Train
    backbones: Annotated[dict[Slug, Backbone], Field(min_length=1)]
    embed: Embed
    neighbours: Neighbours
    keypoints: Keypoints
    match: Match
    weigh: Boosting
    verify: Verify
    rerank: Rerank
    ensemble: EnsembleStage
    submission: SubmissionStage
    score: Score
    report: Report
    identify: Identify
    ensembles: Annotated[dict[Slug, Ensemble], Field(min_length=1)]

    def member_train(self, backbone: str) -> Train:
        """The training settings of one backbone: `train` with the backbone's overrides."""
        return Train.model_validate(
            merged(self.train.model_dump(), self.backbones[backbone].overrides)
        )

    @model_validator(mode="after")
    def _names_exist(self) -> "Params":
        if len(set(self.folds.trained)) < len(self.folds.trained):
            raise ValueError(f"folds.trained: {self.folds.trained} names a fold twice")
        for fold in self.folds.trained:
            if fold >= self.folds.count:
                raise ValueError(f"folds.trained: {fold} is not below folds.count")
        if self.match.backbone not in self.backbones:
            raise ValueError(f"match.backbone: {self.match.backbone!r} is not in backbones")
        if "local" in self.backbones:
            raise ValueError("backbones: the name local is taken by local features")
        if unknown := set(self.report.html) - set(self.ensembles):
            raise ValueError(f"report.html: {sorted(unknown)} not in ensembles")
        if self.identify.ensemble not in self.ensembles:
            raise ValueError(f"identify.ensemble: {self.identify.ensemble!r} is not in ensembles")
        if self.rerank.method == "k_reciprocal" and not self.neighbours.reciprocal:
            raise ValueError(
                "rerank.method: k_reciprocal, but neighbours.reciprocal is 0: give it a number of "
                "neighbours"
            )
        for name, ensemble in self.ensembles.items():
            self._check_recipe(f"ensembles.{name}", ensemble)
        for backbone in self.backbones:
            try:
                train = self.member_train(backbone)
            except ValidationError as error:
                place = f"backbones.{backbone}.overrides"
                raise ValueError(f"{place} make train invalid:\n{explained(error)}") from None
            self._check_mirror(backbone, train)
            self._check_siamese(backbone, train)
        return self

    def _check_mirror(self, backbone: str, train: Train) -> None:
        """What training holds apart, the average of the two would mix again."""
        if self.embed.flip == "average" and train.flip.startswith("identity"):
            raise ValueError(
                f"embed.flip: average, but {backbone} is trained with flip: {train.flip}, where a "
                "mirror image is another individual: use both or none"
            )

    def _check_siamese(self, backbone: str, train: Train) -> None:
        """Re-ranking by the siamese head needs a network that was trained with one."""
        if self.rerank.method == "siamese_head" and "siamese" not in train.loss.active():
            raise ValueError(
                f"rerank.method: siamese_head, but {backbone} is trained without one: give "
                "train.loss.siamese a weight"
            )

    def _check_recipe(self, place: str, ensemble: Ensemble) -> None:
        """Every backbone, fold and score that a recipe names must come to exist."""
        unknown = set(ensemble.backbones) - set(self.backbones)
        if unknown:
            raise ValueError(f"{place}.backbones: {sorted(unknown)} not in backbones")
        if ensemble.folds != "all":
            if not set(ensemble.folds) <= set(self.folds.trained):
                raise ValueError(f"{place}.folds: {ensemble.folds} not in folds.trained")
            if len(set(ensemble.folds)) < len(ensemble.folds):
                raise ValueError(f"{place}.folds: {ensemble.folds} names a fold twice")
        if ensemble.local and not self.keypoints.enabled:
            raise ValueError(
                f"{place}.local: {list(ensemble.local)}, but keypoints.enabled is false"
            )
        given = self._given_scores()
        for score in ensemble.scores:
            choices = set(score.split(" or "))
            if not choices <= NEIGHBOUR_SCORES | RERANK_SCORES or not choices & given:
                raise ValueError(f"{place}.scores: {score!r} is none of {sorted(given)}")

    def _given_scores(self) -> set[str]:
        """The scores that the evidence will hold with these settings."""
        off = {"margin_score"} if not self.neighbours.margin_score else set()
        off |= {"reciprocal"} if not self.neighbours.reciprocal else set()
        second = set() if self.rerank.method == "none" else {"reranked", self.rerank.method}
        return NEIGHBOUR_SCORES - off | second


def merged(base: dict, overrides: dict) -> dict:
    """`base` with the leaves of `overrides` put in place; both stay as they are."""
    result = dict(base)
    for key, value in overrides.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            value = merged(base[key], value)
        result[key] = value
    return result
