"""The sections about photographs and queries: from `demo` to `folds`, and `evaluation`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.params.values import (
    Count,
    Day,
    Epochs,
    Fold,
    Fraction,
    LearningRate,
    PublishedOrFile,
    Section,
    Seed,
    Text,
    Unique,
)

# of boxes.csv, viewpoints.csv and solution.csv
OTHER_COLUMNS = ("x0", "y0", "x1", "y1", "viewpoint", "Usage")
WORK = Path("data/work")
MOST_TEST = 5  # test photographs of the demo per training photograph: its duplicates are in both


class Demo(Section):
    """The synthetic competition (data/demo/dvc.yaml)."""

    seed: Seed
    train_images: Annotated[int, Field(ge=40, le=100_000)]
    test_images: Annotated[int, Field(ge=20, le=100_000)]
    encounters: bool

    @model_validator(mode="after")
    def _check_test(self) -> "Demo":
        if self.test_images > MOST_TEST * self.train_images:
            raise ValueError(
                f"test_images is {self.test_images}: at most {MOST_TEST} times train_images, "
                f"{MOST_TEST * self.train_images}"
            )
        return self


class Columns(Section):
    """Names of columns in the competition's CSV files, and the identity of new individuals."""

    image: Text
    identity: Text
    answer: Text
    new_whale: Annotated[str, Field(pattern=r"^\S+$", max_length=1000)]  # a label has no space

    @model_validator(mode="after")
    def _check_different(self) -> "Columns":
        for other in ("identity", "answer"):
            if self.image == getattr(self, other):
                raise ValueError(f"image and {other} are both {self.image!r}: one column each")
        for name in (self.image, self.identity):
            if name in OTHER_COLUMNS:
                raise ValueError(f"{name!r} is another column of boxes.csv or viewpoints.csv")
        return self


Layout = Literal["auto", "humpback", "happywhale", "whaledo", "animalclef", "wildlife_datasets"]


class Competition(Section):
    """Where the photographs come from."""

    source: Literal["directory", "kaggle"]
    layout: Layout
    path: Text
    slug: Annotated[str, Field(pattern=r"^[\w-]*$", max_length=200)]
    skip_bad: bool
    columns: Columns

    @model_validator(mode="after")
    def _check_download_folder(self) -> "Competition":
        if self.source == "kaggle" and self.path != "data/kaggle":
            raise ValueError("source kaggle needs path: data/kaggle (nothing is read from there)")
        if self.source == "kaggle" and not self.slug:
            raise ValueError("source kaggle needs a slug, as in kaggle.com/c/SLUG")
        return self

    @model_validator(mode="after")
    def _check_folder(self) -> "Competition":
        """DVC can't take a folder as input that holds what the stages write, nor an address."""
        if "://" in self.path or any(sign in self.path for sign in "$\n\0"):
            raise ValueError(f"path: {self.path!r} is not a folder")
        folder, work = Path(self.path).resolve(), WORK.resolve()
        if work.is_relative_to(folder) or folder.is_relative_to(work):
            raise ValueError(f"path: {self.path!r} holds what the stages write, or lies in it")
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
    epochs: Epochs
    batch: Annotated[int, Field(ge=1, le=1024)]
    learning_rate: LearningRate
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


MOST_LEARNED = 4096  # points of a whole canvas that a learned detector finds


class Keypoints(Section):
    """Detection of local features."""

    enabled: bool
    detector: Literal["sift", "disk", "aliked", "xfeat", "dedode"]
    weights: PublishedOrFile
    size: Annotated[int, Field(ge=32, le=4096)]
    padding: Fraction
    count: Annotated[int, Field(ge=1, le=20_000)]
    around: Annotated[int, Field(ge=0, le=20_000)]
    contrast: Annotated[float, Field(ge=0, le=10)]
    upright: bool
    patch: Annotated[float, Field(ge=0.5, le=4)]
    whiten: bool
    edge: bool

    @model_validator(mode="after")
    def _check_count(self) -> "Keypoints":
        if self.detector != "sift" and self.count + self.around > MOST_LEARNED:
            raise ValueError(
                f"count and around are {self.count} and {self.around}, but {self.detector} finds "
                f"at most {MOST_LEARNED} points on a photograph: set them to less together, or "
                "detector to sift"
            )
        return self


class Encounters(Section):
    """Photographs of one place and time, which are never on both sides of a fold."""

    exif: bool
    by: Literal["burst", "day"]
    minutes: Annotated[float, Field(ge=0, le=10_000)]
    metres: Annotated[float, Field(gt=0, le=1_000_000)]


class Folds(Section):
    """The partition into folds and their parts, and which of the folds are held out.

    seasons: the first days of all seasons but the first; each season is a fold, and 0 the last
    """

    count: Annotated[int, Field(ge=2, le=100)]
    seasons: Annotated[list[Day], Field(max_length=99), Unique]
    parts: Annotated[int, Field(ge=1, le=100)]
    seed: Seed
    trained: Annotated[list[Fold], Field(min_length=1), Unique]

    @property
    def possible(self) -> range:
        """The folds that can be held out: before the first season nothing was photographed."""
        return range(self.count - bool(self.seasons))


class Evaluation(Section):
    """The evaluation protocol: prior of new individuals, cross-fitting and intervals."""

    new_whale_prior: Annotated[float, Field(gt=0, lt=1)]
    crossfit: Annotated[int, Field(ge=2, le=100)]
    bootstrap: Annotated[int, Field(ge=100, le=100_000)]
    seed: Seed
