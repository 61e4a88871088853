"""The complete params.yaml, and the checks that concern several sections."""

from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from pipeline.params.ensembles import Boosting, Ensemble, EnsembleStage, SubmissionStage
from pipeline.params.merging import merge
from pipeline.params.photographs import (
    Competition,
    Crop,
    Dedup,
    Demo,
    Encounters,
    Evaluation,
    Folds,
    Keypoints,
    Labels,
)
from pipeline.params.reranking import RERANK_SCORES, Rerank
from pipeline.params.results import Identify, Report, Score, Verify
from pipeline.params.search import Match, Neighbours
from pipeline.params.training import Backbone, Embed, Pretrain, Train, replace_budget
from pipeline.params.validation import explain_faults
from pipeline.params.values import FileName, Section

# the evidence's sources that the stage `neighbours` can write
NEIGHBOUR_SCORES = {"nearest", "mean", "centre", "vote", "margin_score", "reciprocal"}
# detectors of `keypoints` whose features LightGlue has weights for
MATCHED_BY_LIGHTGLUE = ("disk", "aliked", "xfeat")
# the end of the table that `tailprint cluster-unknown` writes beside an ensemble's submission
UNKNOWN = "_unknown"


class Params(Section):
    """The complete file."""

    demo: Demo
    competition: Competition
    dedup: Dedup
    labels: Labels
    crop: Crop
    encounters: Encounters
    folds: Folds
    evaluation: Evaluation
    pretrain: Pretrain
    train: Train
    backbones: Annotated[dict[FileName, Backbone], Field(min_length=1)]
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
    ensembles: Annotated[dict[FileName, Ensemble], Field(min_length=1)]

    def member_train(self, backbone: str) -> Train:
        """The training settings of one backbone: `train` with the backbone's overrides."""
        overrides = replace_budget(self.backbones[backbone].overrides)
        return Train.model_validate(merge(self.train.model_dump(), overrides))

    @model_validator(mode="after")
    def _check_sections(self) -> "Params":
        self._check_folds()
        self._check_names()
        self._check_reranking()
        self._check_matching()
        for name, ensemble in self.ensembles.items():
            self._check_ensemble(f"ensembles.{name}", ensemble)
        for backbone in self.backbones:
            self._check_backbone(backbone)
        return self

    def _check_folds(self) -> None:
        count, made = self.folds.count, len(self.folds.seasons) + 1
        if self.folds.seasons and count != made:
            raise ValueError(
                f"folds.seasons: its first days make {made} seasons, but folds.count is {count}: "
                f"set it to {made}, and folds.trained to [0] to hold out the last season"
            )
        for fold in self.folds.trained:
            if fold >= count:
                raise ValueError(f"folds.trained: {fold} is not below folds.count")
            if fold not in self.folds.possible:
                raise ValueError(
                    f"folds.trained: {fold} is the first season, before which nothing is known"
                )

    def _check_names(self) -> None:
        """Backbones and ensembles that other sections name must exist."""
        if self.match.backbone not in self.backbones:
            raise ValueError(f"match.backbone: {self.match.backbone!r} is not in backbones")
        if "local" in self.backbones:
            raise ValueError("backbones: the name local is taken by local features")
        if unknown := set(self.report.html) - set(self.ensembles):
            raise ValueError(f"report.html: {sorted(unknown)} not in ensembles")
        if self.identify.ensemble not in self.ensembles:
            raise ValueError(f"identify.ensemble: {self.identify.ensemble!r} is not in ensembles")
        for name in self.ensembles:
            if f"{name}{UNKNOWN}" in self.ensembles:
                raise ValueError(
                    f"ensembles: {name}{UNKNOWN}.csv has the unknown individuals of {name}: choose "
                    "another name"
                )

    def _check_reranking(self) -> None:
        if self.rerank.method == "k_reciprocal" and not self.neighbours.reciprocal:
            raise ValueError(
                "rerank.method: k_reciprocal, but neighbours.reciprocal is 0: set it to a number "
                "of neighbours"
            )

    def _check_matching(self) -> None:
        """LightGlue matches unit vectors without more; LoFTR needs a shortlist."""
        detector = self.keypoints.detector
        if self.match.matcher == "lightglue" and detector not in MATCHED_BY_LIGHTGLUE:
            raise ValueError(
                f"match.matcher: lightglue, but keypoints.detector is {detector}: choose one of "
                f"{list(MATCHED_BY_LIGHTGLUE)}, or match.matcher: nearest"
            )
        if self.match.pairs != "none" and not self.keypoints.enabled:
            raise ValueError(f"match.pairs: {self.match.pairs}, but keypoints.enabled is false")

    def _check_backbone(self, backbone: str) -> None:
        try:
            train = self.member_train(backbone)
        except ValidationError as error:
            place = f"backbones.{backbone}.overrides"
            raise ValueError(f"{place} make train invalid:\n{explain_faults(error)}") from None
        self._check_mirror(backbone, train)
        self._check_siamese_head(backbone, train)

    def _check_mirror(self, backbone: str, train: Train) -> None:
        """An average over mirror images would mix what training keeps apart."""
        if self.embed.flip == "average" and train.flip.startswith("identity"):
            raise ValueError(
                f"embed.flip: average, but {backbone} is trained with flip: {train.flip}, where a "
                "mirror image is another individual: use both or none"
            )

    def _check_siamese_head(self, backbone: str, train: Train) -> None:
        """Re-ranking by the siamese head needs a network that was trained with one."""
        trained = "siamese" in train.loss.active() and not train.frozen
        if self.rerank.method == "siamese_head" and not trained:
            raise ValueError(
                f"rerank.method: siamese_head, but {backbone} is trained without one: give "
                "train.loss.siamese a weight"
            )

    def _check_ensemble(self, place: str, ensemble: Ensemble) -> None:
        """Every backbone, fold and score of an ensemble must exist with these settings."""
        unknown = set(ensemble.backbones) - set(self.backbones)
        if unknown:
            raise ValueError(f"{place}.backbones: {sorted(unknown)} not in backbones")
        if ensemble.folds != "all" and not set(ensemble.folds) <= set(self.folds.trained):
            raise ValueError(f"{place}.folds: {ensemble.folds} not in folds.trained")
        if ensemble.local and not self.keypoints.enabled:
            raise ValueError(
                f"{place}.local: {list(ensemble.local)}, but keypoints.enabled is false"
            )
        if "edge_votes" in ensemble.local and not self.keypoints.edge:
            raise ValueError(f"{place}.local: edge_votes, but keypoints.edge is false")
        if "loftr" in ensemble.local and self.match.pairs != "loftr":
            raise ValueError(f"{place}.local: loftr, but match.pairs is {self.match.pairs}")
        self._check_scores(place, ensemble.scores)

    def _check_scores(self, place: str, scores: list[str]) -> None:
        """Every score must be known, and one of the alternatives "a or b" available."""
        available = self._available_scores()
        for score in scores:
            choices = set(score.split(" or "))
            if not choices <= NEIGHBOUR_SCORES | RERANK_SCORES or not choices & available:
                raise ValueError(f"{place}.scores: {score!r} is none of {sorted(available)}")

    def _available_scores(self) -> set[str]:
        """The sources that the evidence will have with these settings."""
        scores = set(NEIGHBOUR_SCORES)
        if not self.neighbours.margin_score:
            scores.remove("margin_score")
        if not self.neighbours.reciprocal:
            scores.remove("reciprocal")
        if self.rerank.method != "none":
            scores |= {"reranked", self.rerank.method}
        return scores
