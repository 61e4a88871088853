"""The sections about search: `neighbours` and `match`."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.params.values import (
    Fraction,
    Positive,
    PublishedOrFile,
    Section,
    Seed,
    Slug,
)

# per query or feature: every one is kept in memory
Photographs = Annotated[int, Field(ge=1, le=10_000)]
Few = Annotated[int, Field(ge=1, le=1000)]
FewOrOff = Annotated[int, Field(ge=0, le=1000)]


class Neighbours(Section):
    """Faiss search for each query's nearest gallery photographs, and the scores of identities."""

    index: Literal["exact", "ivf"]
    lists: Annotated[int, Field(ge=1, le=65_536)]
    probes: Annotated[int, Field(ge=1, le=65_536)]
    images: Photographs
    candidates: Annotated[int, Field(ge=1, le=1000)]
    vote: Photographs
    outlier_deviations: Positive
    expansion: FewOrOff
    augmentation: FewOrOff
    power: Annotated[float, Field(ge=0, le=100)]
    margin_score: bool
    reciprocal: FewOrOff
    reciprocal_blend: Few
    reciprocal_weight: Fraction


class Match(Section):
    """Votes of local features, and geometric verification of the most promising pairs."""

    backbone: Slug
    neighbours: Few
    probes: Annotated[int, Field(ge=1, le=65_536)]
    shortlist: Photographs
    random_pairs: Photographs
    candidates: Annotated[int, Field(ge=1, le=1000)]
    peers: bool
    matcher: Literal["nearest", "lightglue"]
    matcher_weights: PublishedOrFile
    ratio: Fraction
    pairs: Literal["none", "loftr"]
    pairs_weights: PublishedOrFile
    model: Literal["affine", "homography"]
    tolerance: Fraction
    seed: Seed
