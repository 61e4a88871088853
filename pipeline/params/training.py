"""The sections about training: `pretrain`, `train`, `backbones` and `embed`."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from pipeline.params.losses import Loss
from pipeline.params.values import (
    Count,
    CountOrOff,
    Epochs,
    EpochsOrOff,
    Fraction,
    LearningRate,
    NonNegative,
    Scale,
    Section,
    Seed,
    Text,
    Whole,
)

MOST_VIEWS = 8192  # of a batch
Cells = Annotated[int, Field(ge=1, le=32)]
BUDGETS = ("epochs", "views_per_identity")  # at most one is above 0: how long to train


class Sampler(Section):
    """Batches of P identities with K views each, or of P triples for a siamese network."""

    kind: Literal["identities", "pairs"]
    block: Annotated[int, Field(ge=2, le=1_000_000)]
    noise: NonNegative
    identities: Annotated[int, Field(ge=2, le=4096)]
    views: Annotated[int, Field(ge=1, le=1024)]
    new_whale_fraction: Annotated[float, Field(ge=0, le=0.5)]
    power: Fraction
    min_views: Annotated[int, Field(ge=0, le=1000)]

    @model_validator(mode="after")
    def _check_batch(self) -> "Sampler":
        if self.identities * self.views > MOST_VIEWS:
            raise ValueError(
                f"identities x views is {self.identities * self.views}: a batch has {MOST_VIEWS} "
                "at most"
            )
        return self


class Schedule(Section):
    """Learning rate over the steps, its warm-up, cycles, and epochs of patience on a plateau."""

    kind: Literal["cosine", "one_cycle", "cyclic", "restarts", "plateau"]
    warmup: Fraction
    cycles: Annotated[int, Field(ge=1, le=10_000)]
    patience: Count


class Average(Section):
    """Weights averaged over training: when averaging starts, and the moving average's decay."""

    kind: Literal["none", "swa", "ema"]
    start: Annotated[float, Field(ge=0, lt=1)]
    decay: Annotated[float, Field(ge=0, lt=1)]


class Resize(Section):
    """Crops resized by `scale` at the start of training, for the fraction `until` of its epochs."""

    scale: Annotated[float, Field(ge=0.25, le=1)]
    until: Fraction


class Inner(Section):
    """Inner validation: photographs held back, patience in epochs, batches between evaluations."""

    fraction: Annotated[float, Field(ge=0, le=0.5)]
    patience: CountOrOff
    every: CountOrOff


class Augment(Section):
    """Strengths of the training transforms; 0 is off."""

    rotate: Annotated[float, Field(ge=0, le=180)]
    shift: Fraction
    zoom: Annotated[float, Field(ge=0, lt=1)]
    shear: Annotated[float, Field(ge=0, le=45)]
    perspective: Annotated[float, Field(ge=0, le=0.5)]
    brightness: Fraction
    contrast: Fraction
    hue: Fraction
    grey: Fraction
    blur: Fraction
    noise: Fraction
    erase: Fraction
    mask_dropout: Fraction
    background: Fraction


class Train(Section):
    """Training of a member; a backbone may override any of it."""

    seed: Seed
    epochs: EpochsOrOff
    views_per_identity: CountOrOff
    learning_rate: LearningRate
    backbone_lr_scale: Scale
    weight_decay: Annotated[float, Field(ge=0, le=10)]
    clip: NonNegative
    channels: Annotated[Literal[3, 4, 5], Whole]
    grey: bool
    flip: Literal["none", "augment", "identity", "identity_masked"]
    reduction: Annotated[Literal[8, 16, 32], Whole]
    pooling: Literal["average", "gem", "model"]
    pooling_cells: Annotated[list[Cells], Field(min_length=2, max_length=2)]
    embedding: Annotated[int, Field(ge=2, le=8192)]
    bnneck: bool
    frozen_stages: Annotated[int, Field(ge=0, le=1000)]
    head_epochs: CountOrOff
    drop_path: Annotated[float, Field(ge=0, lt=1)]
    sampler: Sampler
    schedule: Schedule
    average: Average
    resize: Resize
    inner: Inner
    class_power: Fraction
    wrong_labels: Fraction
    loss: Loss
    augment: Augment

    @property
    def frozen(self) -> bool:
        """Whether nothing is trained: the embedding is the backbone's own pooled features."""
        return not self.epochs and not self.views_per_identity and not self.head_epochs

    @property
    def head_alone(self) -> bool:
        """Whether only the embedding's head is trained, on features that are computed once."""
        return not self.epochs and not self.views_per_identity and bool(self.head_epochs)

    @model_validator(mode="after")
    def _check_combinations(self) -> "Train":
        if self.epochs and self.views_per_identity:
            raise ValueError(
                f"epochs is {self.epochs} and views_per_identity {self.views_per_identity}: one of "
                "them says how long to train, and the other must be 0"
            )
        if self.pooling == "model" and self.pooling_cells != [1, 1]:
            raise ValueError("pooling_cells: pooling model has cells of its own, take [1, 1]")
        if self.head_alone and self.average.kind == "swa":
            raise ValueError("average.kind swa needs a backbone that is trained, take ema or none")
        if self.head_alone and self.sampler.kind == "pairs":
            raise ValueError("sampler.kind pairs needs a backbone that is trained")
        if 0 < self.epochs <= self.head_epochs:
            raise ValueError(f"head_epochs is {self.head_epochs}: the backbone is never trained")
        for leaf in ("patience", "every"):
            if getattr(self.inner, leaf) and not self.inner.fraction:
                raise ValueError(f"inner.{leaf} needs photographs: set inner.fraction above 0")
        if self.augment.mask_dropout and self.channels == 3:
            raise ValueError("augment.mask_dropout: channels 3 have no mask")
        if self.inner.patience and self.average.kind != "none":
            raise ValueError("inner.patience keeps the best epoch, average.kind many: choose one")
        return self


class Pretrain(Section):
    """Self-supervision on all photographs: its method, and the size and course of its training."""

    method: Literal["none", "simsiam", "rotation", "clusters"]
    seed: Seed
    epochs: Epochs
    batch: Annotated[int, Field(ge=2, le=4096)]
    learning_rate: LearningRate
    dim: Annotated[int, Field(ge=8, le=8192)]
    clusters: Annotated[int, Field(ge=2, le=100_000)]


def check_weights(value: str) -> str:
    """Return the value; raises ValueError if it cannot name a backbone's first weights."""
    words = ("imagenet", "pretrained", "none")
    if value not in words and not value.endswith((".safetensors", ".pth", ".bin")):
        raise ValueError(
            "imagenet, pretrained, none, or a .safetensors or .pth file with a state dict"
        )
    return value


def replace_budget(overrides: dict[str, Any]) -> dict[str, Any]:
    """The overrides, with `epochs` 0 if they set `views_per_identity`, or the other way round."""
    off = dict.fromkeys(BUDGETS, 0)
    return off | overrides if any(overrides.get(name) for name in BUDGETS) else overrides


class Backbone(Section):
    """A timm architecture, its first weights, and the values of `train` that it overrides."""

    timm_name: Text
    weights: Annotated[str, AfterValidator(check_weights)]
    overrides: dict[str, Any]


class Embed(Section):
    """Unit vectors of every photograph."""

    flip: Literal["none", "average", "both"]
