"""The sections about photographs and queries: from `demo` to `folds`, and `evaluation`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.params.values import Count, Fold, Fraction, NonNegative, Positive, Section, Seed


class Demo(Section):
    """The synthetic competition (data/demo/dvc.yaml)."""

    seed: Seed
    train_images: Annotated[int, Field(ge=40)]
    test_images: Annotated[int, Field(ge=20)]


class Columns(Section):
    """Names of columns in the competition's CSV files, and the identity of new individuals."""

    image: str
    identity: str
    answer: str
    new_whale: str


class Competition(Section):
    """Where the photographs come from."""

    source: Literal["directory", "kaggle"]
    path: str
    slug: str
    columns: Columns

    @model_validator(mode="after")
    def _check_download_folder(self) -> "Competition":
        if self.source == "kaggle" and self.path != "data/kaggle":
            raise ValueError("source kaggle needs path: data/kaggle (nothing is read from there)")
        return self


class Dedup(Section):
    """Detection of duplicate photographs."""

    enabled: bool
    hash_distance: Annotated[int, Field(ge=0, le=64)]
    pixel_difference: Fraction
    mirror: bool


class Labels(Section):
    """The label of duplicates that have different ones."""

    conflicts: Literal["majority", "first", "drop"]


class UNet(Section):
    """The small segmentation network that predicts missing masks."""

    seed: Seed
    size: Annotated[int, Field(ge=32, le=512, multiple_of=16)]
    epochs: Count
    batch: Count
    learning_rate: Positive
    min_masks: Count


class Crop(Section):
    """Boxes, masks and the packed array."""

    enabled: bool
    height: Annotated[int, Field(ge=16, le=2048)]
    width: Annotated[int, Field(ge=16, le=2048)]
    frame: Literal["animal", "photograph"]
    padding: Fraction
    align: Literal["none", "axis"]
    without_masks: Literal["whole", "grabcut", "unet"]
    unet: UNet

    @model_validator(mode="after")
    def _check_frame(self) -> "Crop":
        if self.frame == "photograph" and (self.align != "none" or self.padding > 0):
            raise ValueError(
                "frame: photograph uses neither align nor padding: set align to none and "
                "padding to 0"
            )
        return self


class Keypoints(Section):
    """Detection of local features."""

    enabled: bool
    detector: Literal["sift", "disk"]
    size: Annotated[int, Field(ge=32, le=4096)]
    padding: Fraction
    count: Count
    around: Annotated[int, Field(ge=0)]
    contrast: NonNegative
    upright: bool


class Folds(Section):
    """The partition into folds, and which of them are held out."""

    count: Annotated[int, Field(ge=2)]
    seed: Seed
    trained: Annotated[list[Fold], Field(min_length=1)]


class Evaluation(Section):
    """The evaluation protocol: prior of new individuals, cross-fitting and intervals."""

    new_whale_prior: Annotated[float, Field(gt=0, lt=1)]
    crossfit: Annotated[int, Field(ge=2)]
    bootstrap: Annotated[int, Field(ge=100)]
    seed: Seed
