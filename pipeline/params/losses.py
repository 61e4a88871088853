"""`train.loss`: every loss by name, with its values and their bounds.

A class and a line in `Loss` make a loss known. Its name is that of a function in
`pipeline/losses/pairs.py` or `metric_learning.py`, or of a class that
`pipeline/losses/embedding_loss.py` lists; its values are the arguments of that function or class.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipeline.params.values import Fraction, Margin, Memory, NonNegative, Scale, Section, Units

Radians = Annotated[float, Field(ge=0, le=1.57)]
Cosine = Annotated[float, Field(ge=-1, le=1)]
Distance = Annotated[float, Field(ge=0, le=2)]  # of two unit vectors
Sampled = Annotated[float, Field(gt=0, le=1)]
Miner = Literal["hardest", "semi_hard", "all", "multi_similarity", "distance_weighted"]


class Term(Section):
    """A loss's weight in the sum that is minimised; 0 for off."""

    weight: NonNegative


class Softmax(Term):
    smoothing: Fraction
    unknown_weight: Margin
    symmetric: Margin
    sampled: Sampled


class MarginSoftmax(Term):
    """The values that ArcFace, CosFace and SphereFace share."""

    scale: Scale
    centres: Annotated[int, Field(ge=1, le=64)]
    rare_margin: Margin
    rare_power: Margin
    unknown_weight: Margin
    symmetric: Margin
    sampled: Sampled


class ArcFace(MarginSoftmax):
    margin: Radians


class CosFace(MarginSoftmax):
    margin: Margin


class SphereFace(MarginSoftmax):
    margin: Annotated[float, Field(gt=0, le=100)]


class Triplet(Term):
    margin: Margin
    miner: Miner
    two_sided: bool
    memory: Memory


class Focal(Term):
    gamma: Margin
    scale: Annotated[float, Field(gt=0, le=64)]  # more loses the gradient of a gamma below 1
    hardest: Fraction


class ProxyAnchor(Term):
    margin: Margin
    alpha: Scale


class Siamese(Term):
    head: Literal["absolute", "rich", "concat"]
    hidden: Units


class Contrastive(Term):
    near: Distance
    far: Distance
    memory: Memory


class BatchAll(Term):
    margin: Annotated[float, Field(gt=0, le=100)]
    compactness: Margin


class NPair(Term):
    scale: Scale
    new_whale: bool


class Lifted(Term):
    margin: Margin


class RankedList(Term):
    margin: Distance
    radius: Distance
    temperature: Margin


class MultiSimilarity(Term):
    alpha: Scale
    beta: Scale
    base: Cosine
    epsilon: Margin
    memory: Memory


class Histogram(Term):
    bins: Annotated[int, Field(ge=2, le=10_000)]


class Quadruplet(Term):
    margin: Margin
    second_margin: Margin


class Circle(Term):
    margin: Fraction
    gamma: Scale
    memory: Memory


class Loss(Section):
    """The weighted sum that is minimised. A loss that params.yaml leaves out is off."""

    softmax: Softmax | None = None
    arcface: ArcFace | None = None
    cosface: CosFace | None = None
    sphereface: SphereFace | None = None
    triplet: Triplet | None = None
    focal: Focal | None = None
    proxy_anchor: ProxyAnchor | None = None
    centre: Term | None = None
    siamese: Siamese | None = None
    contrastive: Contrastive | None = None
    batch_all: BatchAll | None = None
    n_pair: NPair | None = None
    lifted: Lifted | None = None
    ranked_list: RankedList | None = None
    multi_similarity: MultiSimilarity | None = None
    histogram: Histogram | None = None
    quadruplet: Quadruplet | None = None
    circle: Circle | None = None

    def active(self) -> dict[str, dict[str, Any]]:
        """The values of every loss with a weight, by name."""
        terms = self.model_dump(exclude_none=True)
        return {name: values for name, values in terms.items() if values["weight"]}

    @model_validator(mode="before")
    @classmethod
    def _check_names(cls, raw: object) -> object:
        unknown = sorted(set(raw) - set(cls.model_fields)) if isinstance(raw, dict) else []
        if unknown:
            raise ValueError(f"no loss {unknown}; there are {sorted(cls.model_fields)}")
        return raw

    @model_validator(mode="after")
    def _check_active(self) -> "Loss":
        if not self.active():
            raise ValueError(f"every weight is 0: switch one on of {sorted(Loss.model_fields)}")
        if not set(self.active()) - {"centre"}:
            raise ValueError("centre only pulls together: switch another loss on beside it")
        return self

    @model_validator(mode="after")
    def _check_triplet(self) -> "Loss":
        triplet = self.triplet
        if triplet and triplet.weight and triplet.two_sided and triplet.memory:
            raise ValueError("triplet: two_sided makes anchors of positives: set memory to 0")
        if triplet and triplet.memory and triplet.miner in ("all", "semi_hard"):
            raise ValueError(
                f"triplet: miner {triplet.miner} compares every pair of pairs, too many with a "
                "memory: take another miner, or set memory to 0"
            )
        return self

    @model_validator(mode="after")
    def _check_distances(self) -> "Loss":
        if self.contrastive and self.contrastive.near > self.contrastive.far:
            raise ValueError("contrastive: near is above far")
        if self.ranked_list and self.ranked_list.margin > self.ranked_list.radius:
            raise ValueError("ranked_list: margin is above radius")
        return self
