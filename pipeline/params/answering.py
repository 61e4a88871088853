"""The sections about answers: `neighbours`, `rerank` and the ensembles."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.params.values import Count, NonNegative, Positive, Section, Seed, Fraction, Slug


class Neighbours(Section):
    """The Faiss search and the identity scores drawn from it."""

    index: Literal["exact", "ivf"]
    lists: Count
    probes: Count
    images: Count
    candidates: Annotated[int, Field(ge=1, le=1000)]
    vote: Count
    outlier_deviations: Positive
    expansion: Annotated[int, Field(ge=0)]
    augmentation: Annotated[int, Field(ge=0)]
    power: NonNegative
    margin_score: bool
    reciprocal: Annotated[int, Field(ge=0)]
    reciprocal_blend: Count
    reciprocal_weight: Annotated[float, Field(ge=0, le=1)]


class Match(Section):
    """Votes of local features, and the geometry of the pairs that deserve a look."""

    backbone: Slug
    neighbours: Count
    probes: Count
    shortlist: Count
    random_pairs: Count
    candidates: Annotated[int, Field(ge=1, le=1000)]
    ratio: Fraction
    model: Literal["affine", "homography"]
    tolerance: Fraction
    seed: Seed


class Reptile(Section):
    """Meta-training on few-shot tasks of embeddings, then adaptation to each query's candidates."""

    hidden: Count
    ways: Annotated[int, Field(ge=2)]
    shots: Count
    meta_steps: Count
    meta_batch: Count
    meta_learning_rate: Annotated[float, Field(gt=0, le=1)]
    inner_steps: Annotated[int, Field(ge=1)]
    inner_learning_rate: Positive
    adapt_steps: Annotated[int, Field(ge=5)]


class FewShot(Section):
    """Teaching a few-shot learner with held-out queries and their first candidates."""

    input: Literal["embeddings", "crops"]
    crop_height: Annotated[int, Field(ge=16, le=512, multiple_of=16)]
    hidden: Annotated[int, Field(ge=1, le=4096)]
    tasks: Count
    steps: Count
    learning_rate: Positive


# learned from held-out queries: pipeline/steps/rerank/learned.py
FEW_SHOT = (
    "euclidean",
    "cosine",
    "mahalanobis",
    "prototypical",
    "matching",
    "matching_full",
    "relation",
    "induction",
    "siamese",
    "maml",
    "fomaml",
    "meta_lstm",
    "memory",
    "pt_map",
)


# without an encoder that could see crops: they adapt a network for vectors
VECTORS_ALONE = {"maml", "fomaml", "meta_lstm"}


class Rerank(Section):
    """The second look at the first candidates."""

    method: Literal["none", "prototypes", "k_reciprocal", "reptile", "siamese_head", *FEW_SHOT]
    first: Literal["nearest", "mean", "centre", "vote"]
    top: Annotated[int, Field(ge=2, le=50)]
    seed: Seed
    reptile: Reptile
    fewshot: FewShot

    @model_validator(mode="after")
    def _sees_what_it_can(self) -> "Rerank":
        if self.fewshot.input == "crops" and self.method in VECTORS_ALONE:
            choices = [one for one in FEW_SHOT if one not in VECTORS_ALONE]
            raise ValueError(
                f"rerank.fewshot.input: crops, but {self.method} adapts a network for vectors: "
                f"rerank.method may be one of {choices}"
            )
        return self


class NewWhale(Section):
    """Where `new_whale` goes: its log-odds shift is learned, fixed, swept or set by the prior."""

    method: Literal["posterior", "fixed", "swept", "prior", "never"]
    shift: float


class Boosting(Section):
    """LightGBM, over candidates' features or matched points."""

    rounds: Count
    leaves: Annotated[int, Field(ge=2)]
    learning_rate: Positive
    min_leaf: Count


class Verify(Section):
    """Evaluation of the evidence that two photographs show the same animal."""

    false_alarm_rates: Annotated[list[Annotated[float, Field(gt=0, lt=1)]], Field(min_length=1)]


class Score(Section):
    """Tables of the score card's plots."""

    gallery_sizes: Annotated[list[Count], Field(min_length=1)]
    reliability_bins: Count

    @model_validator(mode="after")
    def _check_gallery_sizes(self) -> "Score":
        ascending = sorted(set(self.gallery_sizes))
        if self.gallery_sizes != ascending or ascending[0] != 1:
            raise ValueError(f"gallery_sizes: {self.gallery_sizes} do not ascend from 1")
        return self


class Identify(Section):
    """Defaults of the commands that identify new photographs."""

    ensemble: Slug


class EnsembleStage(Section):
    """What all ensembles share: how scores become log-odds of pairs, and the boosters."""

    calibration: Literal["none", "logistic", "isotonic"]
    boosting: Boosting


class SubmissionStage(Section):
    """What may reorder the answers to all queries at once; off with 0, and one at a time."""

    gap: Fraction
    capacity: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _one_at_a_time(self) -> "SubmissionStage":
        if self.gap and self.capacity:
            raise ValueError("gap and capacity: the second undoes the first; set one of them to 0")
        return self


class Report(Section):
    """What people look at: a page an ensemble, in one file."""

    html: list[Slug]
    queries: Count
    megabytes: Positive


class Ensemble(Section):
    """A named recipe: which members, which of their scores, how they are put together."""

    backbones: Annotated[dict[Slug, NonNegative], Field(min_length=1)]
    folds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | Literal["all"]
    scores: Annotated[list[str], Field(min_length=1)]
    local: dict[Literal["votes", "inliers", "ratio", "coverage", "weighted_inliers"], NonNegative]
    method: Literal["mean", "weighted", "lightgbm"]
    duplicates: bool
    new_whale: NewWhale

    def fold_list(self, trained: list[int]) -> list[int]:
        """The held-out folds whose members take part, of those that are `trained`."""
        return trained if self.folds == "all" else self.folds

    def weights(self) -> dict[str, float]:
        """The weights of a mean: one a backbone, and one a local score as "local.votes"."""
        return self.backbones | {f"local.{score}": weight for score, weight in self.local.items()}

    def active_backbones(self) -> list[str]:
        """The backbones with a weight above 0."""
        return [name for name, weight in self.backbones.items() if weight > 0]

    def local_scores(self) -> list[str]:
        """The scores of local features with a weight above 0."""
        return [name for name, weight in self.local.items() if weight > 0]

    @model_validator(mode="after")
    def _someone_votes(self) -> "Ensemble":
        if sum(self.backbones.values()) == 0:
            raise ValueError("every backbone has weight 0")
        return self
