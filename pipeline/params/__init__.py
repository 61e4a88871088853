"""The typed view of params.yaml: every value, its bounds and its unit, checked before any work.

There are no defaults: a default in code is a choice that DVC does not track. A stage loads the
complete file, so that a typo in any section stops the first stage within a second.
"""

from pathlib import Path

from pipeline.params.complete import NEIGHBOUR_SCORES, Params
from pipeline.params.ensembles import (
    Boosting,
    Ensemble,
    EnsembleStage,
    Format,
    NewWhale,
    SubmissionStage,
)
from pipeline.params.losses import Loss
from pipeline.params.merging import load_settings, merge
from pipeline.params.photographs import (
    Columns,
    Competition,
    Crop,
    Dedup,
    Demo,
    Encounters,
    Evaluation,
    Folds,
    Keypoints,
    Labels,
    Layout,
    UNet,
)
from pipeline.params.reranking import FEW_SHOT, RERANK_SCORES, FewShot, Reptile, Rerank
from pipeline.params.results import Identify, Report, Score, Verify
from pipeline.params.search import Match, Neighbours
from pipeline.params.training import (
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
from pipeline.params.validation import load_section, validate
from pipeline.params.values import Section

__all__ = [
    "FEW_SHOT",
    "NEIGHBOUR_SCORES",
    "RERANK_SCORES",
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
    "Encounters",
    "Ensemble",
    "EnsembleStage",
    "Evaluation",
    "FewShot",
    "Folds",
    "Identify",
    "Inner",
    "Keypoints",
    "Labels",
    "Format",
    "Layout",
    "Loss",
    "Match",
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
    "load",
    "load_section",
    "load_settings",
    "merge",
    "validate",
]


def load(path: Path = Path("params.yaml")) -> Params:
    """Load and validate a params file or a preset.

    Raises UserError with the file and, for each fault, the key and what is allowed.
    """
    return validate(Params, load_settings(path), path)
