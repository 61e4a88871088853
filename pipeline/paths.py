"""Where every artefact lies, from the project's root, where DVC runs each stage."""

from pathlib import Path

WORK = Path("data/work")
SUBMISSIONS = Path("submissions")

REVIEW = Path("data/review.csv")
PSEUDO = Path("data/pseudo.csv")
ENROLLED = Path("data/enrolled")
LR_RANGE = Path("data/lr_range")  # losses by learning rate, a CSV a backbone

IMAGES = WORK / "competition/images.csv"
SAMPLE = WORK / "competition/sample.csv"
VIEWPOINTS = WORK / "competition/viewpoints.csv"
DOWNLOAD = WORK / "competition/download"
GROUPS = WORK / "dedup/groups.csv"
CONFLICTS = WORK / "dedup/conflicts.csv"
LABELS = WORK / "labels/labels.csv"
DUPLICATES = WORK / "labels/duplicates.csv"
BOXES = WORK / "crop/boxes.csv"
CROPS = WORK / "crop/crops.npy"
UNET = WORK / "crop/unet.safetensors"
HELD_OUT_MASKS = WORK / "crop/held_out_masks.npz"  # not used to train the U-Net; and its own
FOLDS = WORK / "folds/folds.csv"
KEYPOINTS = WORK / "keypoints/keypoints.npz"
CROSS_FIT_PARTS = WORK / "weigh/cross_fit_parts.csv"
JUDGE = WORK / "verify/judge.json"
VERIFY_SCORES = WORK / "verify/scores.json"
VERIFY_ROC = WORK / "verify/roc.csv"
VERIFY_RELIABILITY = WORK / "verify/reliability.csv"
FEATURE_INDEX = WORK / "identify"  # of the galleries' local features, made at the first question
LEADERBOARD = SUBMISSIONS / "leaderboard.csv"
SUBMISSION_HISTORY = Path("data/history")  # the files behind past submissions
LAST_BUILD = Path(".dvc/tmp/last_build.json")  # seconds that the last `repro` took


def member_name(backbone: str, fold: int) -> str:
    """The name of one backbone with one fold held out; DVC's matrix key."""
    return f"{backbone}-{fold}"


def member_folder(stage: str, backbone: str, fold: int) -> Path:
    """The folder of a stage's files for one member; a backbone's members lie together."""
    return WORK / stage / backbone / str(fold)


def pretrained_backbone(backbone: str) -> Path:
    """Without tensors where nothing was learned."""
    return WORK / "pretrain" / backbone / "backbone.safetensors"


def pretraining_history(backbone: str) -> Path:
    return WORK / "pretrain" / backbone / "history.csv"


def model(backbone: str, fold: int) -> Path:
    return member_folder("train", backbone, fold) / "model.safetensors"


def training_history(backbone: str, fold: int) -> Path:
    return member_folder("train", backbone, fold) / "history.csv"


def embeddings(backbone: str, fold: int) -> Path:
    return member_folder("embed", backbone, fold) / "embeddings.npz"


def neighbours(backbone: str, fold: int) -> Path:
    return member_folder("neighbours", backbone, fold) / "neighbours.parquet"


def evidence(stage: str, backbone: str, fold: int) -> Path:
    """The evidence that `stage` (neighbours, rerank) adds for one member."""
    return member_folder(stage, backbone, fold) / "evidence.parquet"


def few_shot_accuracy(backbone: str, fold: int) -> Path:
    """A member's N-way K-shot accuracies."""
    return member_folder("neighbours", backbone, fold) / "few_shot_accuracy.json"


def match_evidence(fold: int) -> Path:
    """The evidence of local features for one fold."""
    return WORK / "match" / str(fold) / "evidence.parquet"


def matched_pairs(fold: int) -> Path:
    """The pairs of photographs whose geometry was looked at."""
    return WORK / "match" / str(fold) / "pairs.parquet"


def matched_points(fold: int) -> Path:
    """The points of those pairs that fit one map."""
    return WORK / "match" / str(fold) / "points.parquet"


def weighted_evidence(fold: int) -> Path:
    """The evidence of weighed points for one fold."""
    return WORK / "weigh" / str(fold) / "evidence.parquet"


def point_weights(part: int) -> Path:
    """What weighs points without having learned from that part of the photographs."""
    return WORK / "weigh" / f"point_weights{part if part >= 0 else ''}.json"


def weighted_pairs(fold: int) -> Path:
    """What the points of each pair weigh."""
    return WORK / "weigh" / str(fold) / "pairs.parquet"


def posteriors(ensemble: str) -> Path:
    return WORK / "ensemble" / ensemble / "posteriors.parquet"


def source_probabilities(ensemble: str) -> Path:
    """What each score says of every query's best candidates, as a chance."""
    return WORK / "ensemble" / ensemble / "source_probabilities.parquet"


def calibration(ensemble: str) -> Path:
    """Reliability diagrams of the ensemble's calibrated scores."""
    return WORK / "ensemble" / ensemble / "calibration.csv"


def rankings(ensemble: str) -> Path:
    return WORK / "submission" / ensemble / "rankings.csv"


def placed_posteriors(ensemble: str) -> Path:
    """Every answer's posterior, new_whale placed."""
    return WORK / "submission" / ensemble / "posteriors.parquet"


def shift_curve(ensemble: str) -> Path:
    """MAP@5 by the log-odds given to new_whale."""
    return WORK / "submission" / ensemble / "curve.csv"


def submission(ensemble: str) -> Path:
    return SUBMISSIONS / f"{ensemble}.csv"


def score_card(ensemble: str) -> Path:
    return SUBMISSIONS / f"{ensemble}.json"


def score_table(ensemble: str, table: str) -> Path:
    return WORK / "score" / ensemble / f"{table}.csv"


def report(ensemble: str) -> Path:
    return WORK / "report" / ensemble / "report.html"
