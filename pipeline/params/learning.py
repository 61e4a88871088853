"""The sections about learning: `train`, `backbones` and `embed`."""

from typing import Annotated, Any, Literal

from pydantic import Field

from pipeline.params.losses import Loss
from pipeline.params.values import Count, NonNegative, Positive, Section, Seed, Share


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
    flip: Literal["none", "augment", "identity", "identity_masked"]
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
