"""`train.loss`: every loss by name, with its values and their bounds.

A line here makes a loss known: its name is that of a function in `pipeline/losses/pairs.py` (or a
class that `pipeline/losses/embedding_loss.py` lists), its values are what that takes.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, create_model, model_validator

from pipeline.params.values import Count, NonNegative, Positive, Section, Fraction

Radians = Annotated[float, Field(ge=0, le=1.57)]
Cosine = Annotated[float, Field(ge=-1, le=1)]
Distance = Annotated[float, Field(ge=0, le=2)]  # of two unit vectors
Size = Annotated[int, Field(ge=0)]
Miner = Literal["hardest", "semi_hard", "all", "multi_similarity", "distance_weighted"]


class Term(Section):
    """A loss's weight in the sum that is minimised; 0 for off."""

    weight: NonNegative


def term(**values: Any) -> Any:
    """A section with a weight and these values; None where params.yaml leaves it out: off."""
    fields = {name: (bounds, ...) for name, bounds in values.items()}
    return create_model("Term", __base__=Term, **fields) | None


# what softmax and its margins share
CLASSES = dict(unknown_weight=NonNegative, symmetric=NonNegative)
RARE = dict(centres=Count, rare_margin=NonNegative, rare_power=NonNegative, **CLASSES)


class Loss(Section):
    """The weighted sum that is minimised."""

    softmax: term(smoothing=Fraction, **CLASSES) = None
    arcface: term(margin=Radians, scale=Positive, **RARE) = None
    cosface: term(margin=NonNegative, scale=Positive, **RARE) = None
    sphereface: term(margin=Positive, scale=Positive, **RARE) = None
    triplet: term(margin=NonNegative, miner=Miner, two_sided=bool, memory=Size) = None
    # a larger scale loses the gradient of a gamma below 1
    focal: term(gamma=NonNegative, scale=Annotated[float, Field(gt=0, le=64)], hardest=Fraction) = (
        None
    )
    proxy_anchor: term(margin=NonNegative, alpha=Positive) = None
    centre: term() = None
    siamese: term(head=Literal["absolute", "rich", "concat"], hidden=Count) = None
    contrastive: term(near=Distance, far=Distance, memory=Size) = None
    batch_all: term(margin=Positive, compactness=NonNegative) = None
    n_pair: term(scale=Positive, new_whale=bool) = None
    lifted: term(margin=NonNegative) = None
    ranked_list: term(margin=Distance, radius=Distance, temperature=NonNegative) = None
    multi_similarity: term(
        alpha=Positive, beta=Positive, base=Cosine, epsilon=NonNegative, memory=Size
    ) = None
    histogram: term(bins=Annotated[int, Field(ge=2)]) = None
    quadruplet: term(margin=NonNegative, second_margin=NonNegative) = None
    circle: term(margin=Fraction, gamma=Positive, memory=Size) = None

    def active(self) -> dict[str, dict[str, Any]]:
        """The values of every loss with a weight, by name."""
        terms = self.model_dump(exclude_none=True)
        return {name: values for name, values in terms.items() if values["weight"]}

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        unknown = sorted(set(given) - set(cls.model_fields)) if isinstance(given, dict) else []
        if unknown:
            raise ValueError(f"no loss {unknown}; there are {sorted(cls.model_fields)}")
        return given

    @model_validator(mode="after")
    def _something_is_minimised(self) -> "Loss":
        if not self.active():
            raise ValueError(f"every weight is 0: switch one on of {sorted(Loss.model_fields)}")
        if not set(self.active()) - {"centre"}:
            raise ValueError("centre only pulls together: switch another loss on beside it")
        triplet = self.triplet
        if triplet and triplet.weight and triplet.two_sided and triplet.memory:
            raise ValueError("triplet: two_sided makes anchors of positives: set memory to 0")
        if triplet and triplet.memory and triplet.miner in ("all", "semi_hard"):
            raise ValueError(
                f"triplet: miner {triplet.miner} compares every pair of pairs, too many with a "
                "memory: take another miner, or set memory to 0"
            )
        if self.contrastive and self.contrastive.near > self.contrastive.far:
            raise ValueError("contrastive: near is above far")
        if self.ranked_list and self.ranked_list.margin > self.ranked_list.radius:
            raise ValueError("ranked_list: margin is above radius")
        return self
