"""The methods that `benchmarks.reranking` compares, and how each is trained there."""

from pathlib import Path

from pipeline import params
from pipeline.params import FEW_SHOT

NONE, RECIPROCAL = "none", "k_reciprocal"
ON_CROPS = ", on crops"
METHODS = (
    RECIPROCAL,
    "prototypes",
    "reptile",
    *FEW_SHOT,
    *(f"{method}{ON_CROPS}" for method in ("cosine", "prototypical", "siamese")),
)
SLOW = ("matching_full", "memory", "meta_lstm")  # on embeddings
FEWER_TASKS = {"rerank.fewshot.tasks": 4}
# crops cost a hundred times as much as vectors
CROPS = FEWER_TASKS | {"rerank.fewshot.input": "crops", "rerank.fewshot.steps": 100}
RECIPROCAL_NEIGHBOURS = 20


def edit_method(method: str) -> dict[str, object]:
    """The leaves of params.yaml for a method, with a training that takes a reasonable time."""
    name, on_crops, _ = method.partition(ON_CROPS)
    leaves: dict[str, object] = {"rerank.method": name, **(CROPS if on_crops else {})}
    leaves |= FEWER_TASKS if name in SLOW else {}
    if method == RECIPROCAL:
        leaves["neighbours.reciprocal"] = RECIPROCAL_NEIGHBOURS
    return leaves


def describe_training(method: str, settings: Path) -> str:
    """The training of a few-shot learner as text; "-" for other methods."""
    leaves = edit_method(method)
    if leaves["rerank.method"] not in FEW_SHOT:
        return "-"
    fewshot = params.load(settings).rerank.fewshot
    steps = leaves.get("rerank.fewshot.steps", fewshot.steps)
    tasks = leaves.get("rerank.fewshot.tasks", fewshot.tasks)
    return f"{steps} steps of {tasks} tasks"
