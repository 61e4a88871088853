"""The typed view of params.yaml: every value, its bounds and its unit, checked before any work.

There are no defaults: a default in code is a choice that DVC can't see. A stage loads the whole
file, so that a typo in any section stops the first stage in its first second.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

# the scores that `neighbours` and `rerank` can put into the evidence
NEIGHBOUR_SCORES = {"nearest", "mean", "centre", "vote"}
RERANK_SCORES = {"reranked", "reptile", "prototypes"}


class Section(BaseModel):
    """A part of params.yaml: unknown keys are refused and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Demo(Section):
    """The synthetic competition (data/demo/dvc.yaml)."""

    seed: Seed
    train_images: Annotated[int, Field(ge=40)]
    test_images: Annotated[int, Field(ge=20)]


class Columns(Section):
    """The names the competition's CSV files use."""

    image: str
    identity: str
    new_whale: str


class Competition(Section):
    """Where the photographs come from."""

    source: Literal["directory", "kaggle"]
    path: str
    slug: str
    columns: Columns

    @model_validator(mode="after")
    def _a_download_has_its_folder(self) -> "Competition":
        if self.source == "kaggle" and self.path != "data/kaggle":
            raise ValueError("source kaggle needs path: data/kaggle (nothing is read from there)")
        return self


class Dedup(Section):
    """Same-photograph groups."""

    enabled: bool
    hash_distance: Annotated[int, Field(ge=0, le=64)]
    pixel_difference: Share
    mirror: bool


class Labels(Section):
    """Which label survives where the same photograph carries two."""

    conflicts: Literal["majority", "first", "drop"]


class UNet(Section):
    """The small segmentation net that fills in missing masks."""

    seed: Seed
    size: Annotated[int, Field(ge=32, le=512, multiple_of=32)]
    epochs: Count
    batch: Count
    learning_rate: Positive
    min_masks: Count


class Crop(Section):
    """Boxes, masks and the packed array."""

    height: Annotated[int, Field(ge=16, le=2048)]
    width: Annotated[int, Field(ge=16, le=2048)]
    margin: Annotated[float, Field(ge=0, le=1)]
    align: Literal["none", "axis"]
    without_masks: Literal["whole", "grabcut"]
    unet: UNet


class Folds(Section):
    """The evaluation protocol's partition."""

    count: Annotated[int, Field(ge=2)]
    seed: Seed
    trained: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]


class ArcFace(Section):
    """Additive angular margin softmax: weight in the sum, margin in radians, the logits' scale."""

    weight: NonNegative
    margin: Annotated[float, Field(ge=0, le=1.57)]
    scale: Positive


class Triplet(Section):
    """Batch-hard triplet on unit vectors: weight in the sum, margin in Euclidean distance."""

    weight: NonNegative
    margin: NonNegative


class Focal(Section):
    """Focal loss over one sigmoid an identity: weight, focusing power and scale of the cosines."""

    weight: NonNegative
    gamma: NonNegative
    scale: Positive


class Loss(Section):
    """The weighted sum that is minimised."""

    arcface: ArcFace
    triplet: Triplet
    focal: Focal

    @model_validator(mode="after")
    def _something_is_minimised(self) -> "Loss":
        if self.arcface.weight + self.triplet.weight + self.focal.weight == 0:
            raise ValueError("all three weights are 0: switch at least one loss on")
        return self


class Sampler(Section):
    """P identities with K views each make a batch."""

    identities: Annotated[int, Field(ge=2)]
    views: Annotated[int, Field(ge=1)]
    new_whale_share: Annotated[float, Field(ge=0, le=0.5)]


class Schedule(Section):
    """Learning rate over the steps: warm-up, then a cosine to zero or triangular cycles."""

    kind: Literal["cosine", "cyclic"]
    warmup: Share
    cycles: Count


class Augment(Section):
    """Strengths of the training transforms; each is 0 for off."""

    rotate: Annotated[float, Field(ge=0, le=180)]
    shift: Share
    zoom: Annotated[float, Field(ge=0, lt=1)]
    shear: Annotated[float, Field(ge=0, le=45)]
    perspective: Annotated[float, Field(ge=0, le=0.5)]
    brightness: Share
    contrast: Share
    hue: Share
    grey: Share
    blur: Share
    noise: Share
    erase: Share


class Train(Section):
    """How a member learns; a backbone may override any of it."""

    seed: Seed
    epochs: Count
    learning_rate: Positive
    backbone_rate: Positive
    weight_decay: NonNegative
    clip: NonNegative
    channels: Literal[3, 4, 5]
    flip: Literal["none", "augment", "identity"]
    pooling: Literal["average", "gem"]
    embedding: Annotated[int, Field(ge=2, le=8192)]
    bnneck: bool
    frozen_stages: Annotated[int, Field(ge=0)]
    drop_path: Annotated[float, Field(ge=0, lt=1)]
    sampler: Sampler
    schedule: Schedule
    loss: Loss
    augment: Augment


class Backbone(Section):
    """A timm architecture and where its first weights come from."""

    timm_name: str
    weights: str
    overrides: dict[str, Any]


class Embed(Section):
    """Unit vectors of every image."""

    flip: Literal["none", "average", "both"]


class Neighbours(Section):
    """The Faiss search and the identity scores drawn from it."""

    index: Literal["exact", "ivf"]
    lists: Count
    probes: Count
    images: Count
    candidates: Annotated[int, Field(ge=1, le=1000)]
    vote: Count
    outlier_deviations: Positive


class Reptile(Section):
    """Meta-training on few-shot tasks of embeddings, then adaptation to each query's candidates."""

    hidden: Count
    ways: Annotated[int, Field(ge=2)]
    shots: Count
    meta_steps: Count
    meta_batch: Count
    meta_rate: Annotated[float, Field(gt=0, le=1)]
    inner_steps: Annotated[int, Field(ge=1)]
    inner_rate: Positive
    adapt_steps: Annotated[int, Field(ge=5)]


class Rerank(Section):
    """The second look at the first candidates."""

    method: Literal["none", "prototypes", "reptile"]
    first: Literal["nearest", "mean", "centre", "vote"]
    top: Annotated[int, Field(ge=2, le=50)]
    seed: Seed
    reptile: Reptile


class Evaluation(Section):
    """What the score card assumes: the test's share of new individuals, given and never tuned."""

    new_whale_prior: Annotated[float, Field(gt=0, lt=1)]
    crossfit: Annotated[int, Field(ge=2)]
    bootstrap: Annotated[int, Field(ge=100)]
    seed: Seed


class NewWhale(Section):
    """Where `new_whale` goes: its log-odds shift is learned, fixed, swept or set by the prior."""

    method: Literal["posterior", "fixed", "swept", "prior", "never"]
    shift: float


class Boosting(Section):
    """LightGBM over candidate features."""

    rounds: Count
    leaves: Annotated[int, Field(ge=2)]
    learning_rate: Positive
    min_leaf: Count


class EnsembleStage(Section):
    """What all ensembles share."""

    boosting: Boosting


class Ensemble(Section):
    """A named recipe: which members, which of their scores, how they are put together."""

    backbones: Annotated[dict[Slug, NonNegative], Field(min_length=1)]
    folds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | Literal["all"]
    scores: Annotated[list[str], Field(min_length=1)]
    method: Literal["mean", "weighted", "lightgbm"]
    twins: bool
    new_whale: NewWhale

    def fold_list(self, trained: list[int]) -> list[int]:
        """The held-out folds whose members take part, of those that are `trained`."""
        return trained if self.folds == "all" else self.folds

    def voters(self) -> list[str]:
        """The backbones with a weight above 0."""
        return [name for name, weight in self.backbones.items() if weight > 0]

    @model_validator(mode="after")
    def _someone_votes(self) -> "Ensemble":
        if sum(self.backbones.values()) == 0:
            raise ValueError("every backbone has weight 0")
        return self


class Params(Section):
    """The whole file."""

    demo: Demo
    competition: Competition
    dedup: Dedup
    labels: Labels
    crop: Crop
    folds: Folds
    evaluation: Evaluation
    train: Train
    backbones: Annotated[dict[Slug, Backbone], Field(min_length=1)]
    embed: Embed
    neighbours: Neighbours
    rerank: Rerank
    ensemble: EnsembleStage
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
        for name, ensemble in self.ensembles.items():
            self._check_recipe(f"ensembles.{name}", ensemble)
        for backbone in self.backbones:
            try:
                self.member_train(backbone)
            except ValidationError as error:
                place = f"backbones.{backbone}.overrides"
                raise ValueError(f"{place} make train invalid:\n{explained(error)}") from None
        return self

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
        given = NEIGHBOUR_SCORES | {"reranked", self.rerank.method} - {"none"}
        given -= {"reranked"} if self.rerank.method == "none" else set()
        for score in ensemble.scores:
            choices = set(score.split(" or "))
            if not choices <= NEIGHBOUR_SCORES | RERANK_SCORES or not choices & given:
                raise ValueError(f"{place}.scores: {score!r} is none of {sorted(given)}")


def merged(base: dict, overrides: dict) -> dict:
    """`base` with the leaves of `overrides` put in place; both stay as they are."""
    result = dict(base)
    for key, value in overrides.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            value = merged(base[key], value)
        result[key] = value
    return result


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check a params file; a fault names the file, the key and what is allowed."""
    raw = YAML(typ="safe").load(path.read_text())
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        raise SystemExit(f"{path} is not valid:\n{explained(error)}") from None


def explained(error: ValidationError) -> str:
    """One line a fault: the key, what is wrong, the value that is there."""
    return "\n".join(
        f"  {'.'.join(str(part) for part in fault['loc']) or '(whole file)'}: {fault['msg']}"
        + (f" (found {fault['input']!r})" if fault["type"] != "missing" and fault["loc"] else "")
        for fault in error.errors()
    )
