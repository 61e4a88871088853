"""The typed view of params.yaml: every value, its bounds and its unit, checked before any work.

There are no defaults: a default in code is a choice that DVC can't see. A stage loads the whole
file, so that a typo in any section stops the first stage in its first second.
"""

from pathlib import Path

from pipeline.params.answering import (
    FEW_SHOT,
    Boosting,
    Ensemble,
    EnsembleStage,
    Identify,
    Match,
    Neighbours,
    NewWhale,
    Report,
    Reptile,
    Rerank,
    Score,
    SubmissionStage,
    Verify,
)
from pipeline.params.learning import (
    Augment,
    Average,
    Backbone,
    Embed,
    Inner,
    Pretrain,
    Resize,
    Sampler,
    Schedule,
    Train,
)
from pipeline.params.losses import Loss
from pipeline.params.photographs import (
    Columns,
    Competition,
    Crop,
    Dedup,
    Demo,
    Evaluation,
    Folds,
    Keypoints,
    Labels,
    UNet,
)
from pipeline.params.reading import checked, explained
from pipeline.params.values import Section
from pipeline.params.whole import RERANK_SCORES, Params, merged

__all__ = [
    "FEW_SHOT",
    "Augment",
    "Average",
    "Backbone",
    "Boosting",
    "Columns",
    "Competition",
    "Crop",
    "Dedup",
    "Demo",
    "Embed",
    "Ensemble",
    "EnsembleStage",
    "Evaluation",
    "Folds",
    "Identify",
    "Inner",
    "Keypoints",
    "Labels",
    "Loss",
    "Match",
    "RERANK_SCORES",
    "Neighbours",
    "NewWhale",
    "Params",
    "Pretrain",
    "Report",
    "Reptile",
    "Rerank",
    "Resize",
    "Sampler",
    "Schedule",
    "Score",
    "Section",
    "SubmissionStage",
    "Train",
    "UNet",
    "Verify",
    "checked",
    "explained",
    "load",
    "merged",
]


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check a params file; a fault names the file, the key and what is allowed."""
    return checked(Params, path)
