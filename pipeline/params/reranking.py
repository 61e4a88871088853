"""The section `rerank`: methods that reorder a query's first candidates."""

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from pipeline.params.values import LearningRate, Section, Seed, Units

# fitted on held-out queries: pipeline/steps/rerank/few_shot.py
FewShotMethod = Literal[
    "euclidean",
    "cosine",
    "mahalanobis",
    "prototypical",
    "matching",
    "matching_full",
    "relation",
    "induction",
    "siamese",
    "maml",
    "fomaml",
    "meta_lstm",
    "memory",
    "pt_map",
]
FEW_SHOT: tuple[str, ...] = get_args(FewShotMethod)

# the evidence's sources that the stage `rerank` can write
RERANK_SCORES = {"reranked", "reptile", "prototypes", "k_reciprocal", "siamese_head", *FEW_SHOT}

# they adapt a network for vectors, and have no encoder for crops
EMBEDDINGS_ONLY = {"maml", "fomaml", "meta_lstm"}


Steps = Annotated[int, Field(ge=1, le=100_000)]


class Reptile(Section):
    """Meta-training on episodes of embeddings, then adaptation to each query's candidates."""

    hidden: Units
    ways: Annotated[int, Field(ge=2, le=1000)]
    shots: Annotated[int, Field(ge=1, le=100)]
    meta_steps: Steps
    meta_batch: Annotated[int, Field(ge=1, le=1000)]
    meta_learning_rate: Annotated[float, Field(gt=0, le=1)]
    inner_steps: Annotated[int, Field(ge=1, le=1000)]
    inner_learning_rate: LearningRate
    adapt_steps: Annotated[int, Field(ge=5, le=1000)]


class FewShot(Section):
    """Training of a few-shot learner on held-out queries and their first candidates."""

    input: Literal["embeddings", "crops"]
    crop_height: Annotated[int, Field(ge=16, le=512, multiple_of=16)]
    hidden: Units
    tasks: Annotated[int, Field(ge=1, le=10_000)]
    steps: Steps
    learning_rate: LearningRate


class Rerank(Section):
    """Re-ranking of each query's first candidates."""

    method: Literal["none", "prototypes", "k_reciprocal", "reptile", "siamese_head", FewShotMethod]
    first: Literal["nearest", "mean", "centre", "vote"]
    top: Annotated[int, Field(ge=2, le=50)]
    seed: Seed
    reptile: Reptile
    fewshot: FewShot

    @model_validator(mode="after")
    def _check_input(self) -> "Rerank":
        if self.fewshot.input == "crops" and self.method in EMBEDDINGS_ONLY:
            choices = [method for method in FEW_SHOT if method not in EMBEDDINGS_ONLY]
            raise ValueError(
                f"rerank.fewshot.input: crops, but {self.method} adapts a network for vectors: "
                f"rerank.method may be one of {choices}"
            )
        return self
