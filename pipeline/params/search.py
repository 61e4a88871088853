"""The sections about search: `neighbours` and `match`."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.params.values import (
    Count,
    CountOrOff,
    Fraction,
    Positive,
    Section,
    Seed,
    Slug,
)


class Neighbours(Section):
    """Faiss search for each query's nearest gallery photographs, and the scores of identities."""

    index: Literal["exact", "ivf"]
    lists: Annotated[int, Field(ge=1, le=65_536)]
    probes: Annotated[int, Field(ge=1, le=65_536)]
    images: Count
    candidates: Annotated[int, Field(ge=1, le=1000)]
    vote: Count
    outlier_deviations: Positive
    expansion: CountOrOff
    augmentation: CountOrOff
    power: Annotated[float, Field(ge=0, le=100)]
    margin_score: bool
    reciprocal: CountOrOff
    reciprocal_blend: Count
    reciprocal_weight: Fraction


class Match(Section):
    """Votes of local features, and geometric verification of the most promising pairs."""

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
