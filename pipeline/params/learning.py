"""The sections about learning: `train`, `backbones` and `embed`."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipeline.params.values import Count, NonNegative, Positive, Section, Seed, Share


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
    reduction: Literal[8, 16, 32]
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
