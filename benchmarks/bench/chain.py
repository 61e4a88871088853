"""The stages of one member, in their order: each is run after those that it needs."""

from benchmarks.bench.sides import Side
from benchmarks.bench.usage import Usage

BACKBONE, FOLD = "lite0", "0"
ARGUMENTS = {
    "pretrain": (BACKBONE,),
    "train": (BACKBONE, FOLD),
    "embed": (BACKBONE, FOLD),
    "neighbours": (BACKBONE, FOLD),
}
NEEDS = {
    "dedup": ("competition",),
    "labels": ("dedup",),
    "folds": ("labels",),
    "crop": ("competition",),
    "keypoints": ("crop",),
    "pretrain": ("crop",),
    "train": ("folds", "pretrain"),
    "embed": ("train",),
    "neighbours": ("embed",),
    "match": ("neighbours", "keypoints"),
}
# for a project in which this chain takes seconds: one member, one epoch
CHANGES = {
    "folds": {"trained": [int(FOLD)]},
    "train": {"epochs": 1},
    "match": {"backbone": BACKBONE},
}


def require_before(stage: str, side: Side) -> None:
    """Run what a stage needs, unless it has run."""
    for need in NEEDS.get(stage, ()):
        if need not in side.done:
            require_before(need, side)
            run_in_chain(need, side)


def run_in_chain(stage: str, side: Side) -> Usage:
    """Run a stage with its arguments."""
    usage = side.run_stage(stage, *ARGUMENTS.get(stage, ()))
    side.done.add(stage)
    return usage
