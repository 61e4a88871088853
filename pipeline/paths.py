"""Paths of all artefacts, relative to the project's root, where DVC runs each stage."""

from pathlib import Path

WORK = Path("data/work")
SUBMISSIONS = Path("submissions")

REVIEW = Path("data/review.csv")
PSEUDO = Path("data/pseudo.csv")
ENROLLED = Path("data/enrolled")
LR_RANGE = Path("data/lr_range")  # losses by learning rate, one CSV per backbone

IMAGES = WORK / "competition/images.csv"
SAMPLE = WORK / "competition/sample.csv"
VIEWPOINTS = WORK / "competition/viewpoints.csv"
OCCASIONS = WORK / "competition/occasions.csv"
QUERIES = WORK / "competition/queries.csv"  # of the scenarios
DATABASES = WORK / "competition/databases.csv"
COLUMNS = WORK / "competition/columns.json"  # of the submission
LEFT_OUT = WORK / "competition/left_out.csv"
GIVEN_BOXES = WORK / "competition/boxes.csv"
GIVEN_MASKS = WORK / "competition/masks.csv"
DRAWN_MASKS = WORK / "competition/masks"  # of polygons
DOWNLOAD = WORK / "competition/download"
GROUPS = WORK / "dedup/groups.csv"
CONFLICTS = WORK / "dedup/conflicts.csv"
ENCOUNTERS = WORK / "encounters/encounters.csv"
LABELS = WORK / "labels/labels.csv"
DUPLICATES = WORK / "labels/duplicates.csv"
BOXES = WORK / "crop/boxes.csv"
CROPS = WORK / "crop/crops.npy"
UNET = WORK / "crop/unet.safetensors"
HELD_OUT_MASKS = WORK / "crop/held_out_masks.npz"  # compared with the U-Net's
FOLDS = WORK / "folds/folds.csv"
KEYPOINTS = WORK / "keypoints/keypoints.npz"
CROSS_FIT_PARTS = WORK / "weigh/cross_fit_parts.csv"
PAIR_MODEL = WORK / "verify/pair_model.json"
VERIFY_SCORES = WORK / "verify/scores.json"
PEER_MODEL = WORK / "verify/peer_model.json"  # of two queries, and when they share a cluster
PEER_SCORES = WORK / "verify/peer_scores.json"
VERIFY_ROC = WORK / "verify/roc.csv"
VERIFY_RELIABILITY = WORK / "verify/reliability.csv"
FEATURE_INDEX = WORK / "identify"  # of the galleries' local features, built when first needed
EDGE_INDEX = FEATURE_INDEX / "edges"  # the same of their trailing edges
TEST = "test"  # instead of a fold: what local features found in the test's queries
QuerySet = int | str  # the held-out queries of a fold, or the TEST's
LEADERBOARD = SUBMISSIONS / "leaderboard.csv"
SUBMISSION_HISTORY = Path("data/history")  # rankings and params of past submissions
CHECKED_NETWORKS = Path(".dvc/tmp/checked_networks.json")  # see models/checked_networks.py
LAST_BUILD = Path(".dvc/tmp/last_build.json")  # seconds that the last run of the pipeline took


def member_name(backbone: str, fold: int) -> str:
    """The name of one backbone with one fold held out; DVC's matrix key."""
    return f"{backbone}-{fold}"


def member_folder(stage: str, backbone: str, fold: int) -> Path:
    """The folder of a stage's files for one member; those of one backbone lie together."""
    return WORK / stage / backbone / str(fold)


def pretrained_backbone(backbone: str) -> Path:
    """Weights of the self-supervised backbone; a file without tensors if pretrain is off."""
    return WORK / "pretrain" / backbone / "backbone.safetensors"


def pretraining_history(backbone: str) -> Path:
    """Losses of the self-supervision by epoch."""
    return WORK / "pretrain" / backbone / "history.csv"


def model(backbone: str, fold: int) -> Path:
    """Weights of a member's network."""
    return member_folder("train", backbone, fold) / "model.safetensors"


def training_history(backbone: str, fold: int) -> Path:
    """Losses of a member's training by epoch."""
    return member_folder("train", backbone, fold) / "history.csv"


def training_summary(backbone: str, fold: int) -> Path:
    """How much a member's training showed, and whether it has converged."""
    return member_folder("train", backbone, fold) / "summary.json"


def embeddings(backbone: str, fold: int) -> Path:
    """A member's embeddings of all photographs."""
    return member_folder("embed", backbone, fold) / "embeddings.npz"


def neighbours(backbone: str, fold: int) -> Path:
    """The nearest gallery photographs of a member's queries."""
    return member_folder("neighbours", backbone, fold) / "neighbours.parquet"


def evidence(stage: str, backbone: str, fold: int) -> Path:
    """The evidence that `stage` (neighbours, rerank) writes for one member."""
    return member_folder(stage, backbone, fold) / "evidence.parquet"


def few_shot_accuracy(backbone: str, fold: int) -> Path:
    """A member's N-way K-shot accuracies."""
    return member_folder("neighbours", backbone, fold) / "few_shot_accuracy.json"


def match_evidence(fold: QuerySet) -> Path:
    """The evidence of local features for one fold's held-out queries, or for the TEST's."""
    return WORK / "match" / str(fold) / "evidence.parquet"


def matched_pairs(fold: QuerySet) -> Path:
    """The pairs of photographs whose geometry was verified."""
    return WORK / "match" / str(fold) / "pairs.parquet"


def matched_points(fold: QuerySet) -> Path:
    """The inliers of those pairs."""
    return WORK / "match" / str(fold) / "points.parquet"


def peer_pairs(fold: QuerySet) -> Path:
    """The pairs of one fold's held-out queries, or of the TEST's, that were matched."""
    return WORK / "match" / str(fold) / "peer_pairs.parquet"


def peer_points(fold: QuerySet) -> Path:
    """The inliers of those pairs."""
    return WORK / "match" / str(fold) / "peer_points.parquet"


def weighted_peers(fold: QuerySet) -> Path:
    """Those pairs, with the sum of their points' weights."""
    return WORK / "weigh" / str(fold) / "peer_pairs.parquet"


def weighted_evidence(fold: QuerySet) -> Path:
    """The evidence of weighted inliers for one fold's held-out queries, or for the TEST's."""
    return WORK / "weigh" / str(fold) / "evidence.parquet"


def point_weights(part: int) -> Path:
    """The model of point weights fitted without one cross-fitting part; -1: fitted on all."""
    return WORK / "weigh" / f"point_weights{part if part >= 0 else ''}.json"


def weighted_pairs(fold: QuerySet) -> Path:
    """The summed point weights of each pair."""
    return WORK / "weigh" / str(fold) / "pairs.parquet"


def log_odds(ensemble: str) -> Path:
    """Log-odds of every candidate, before new_whale is placed."""
    return WORK / "ensemble" / ensemble / "log_odds.parquet"


def source_probabilities(ensemble: str) -> Path:
    """The probability of every query's best candidates by each score alone."""
    return WORK / "ensemble" / ensemble / "source_probabilities.parquet"


def calibration(ensemble: str) -> Path:
    """Reliability diagrams of the ensemble's calibrated scores."""
    return WORK / "ensemble" / ensemble / "calibration.csv"


def rankings(ensemble: str) -> Path:
    """The rankings of held-out queries."""
    return WORK / "submission" / ensemble / "rankings.csv"


def test_rankings(ensemble: str) -> Path:
    """The rankings of the test's queries, of which the submission may write a part."""
    return WORK / "submission" / ensemble / "test_rankings.csv"


def clusters(ensemble: str) -> Path:
    """The clusters of held-out and test queries; without rows unless these are the answers."""
    return WORK / "submission" / ensemble / "clusters.csv"


def encounter_rankings(ensemble: str) -> Path:
    """The rankings of encounters, by photograph; without rows where each is of one photograph."""
    return WORK / "submission" / ensemble / "encounter_rankings.csv"


def posteriors(ensemble: str) -> Path:
    """The posterior of every prediction, with new_whale placed."""
    return WORK / "submission" / ensemble / "posteriors.parquet"


def photographs(ensemble: str) -> Path:
    """The photographs found for held-out queries; no rows unless photographs are the answers."""
    return WORK / "submission" / ensemble / "photographs.parquet"


def shift_curve(ensemble: str) -> Path:
    """MAP@5 by the log-odds added to new_whale."""
    return WORK / "submission" / ensemble / "curve.csv"


def submission(ensemble: str) -> Path:
    """The CSV to submit."""
    return SUBMISSIONS / f"{ensemble}.csv"


def score_card(ensemble: str) -> Path:
    """The scores of held-out queries."""
    return SUBMISSIONS / f"{ensemble}.json"


def score_table(ensemble: str, table: str) -> Path:
    """A table of the score card's plots."""
    return WORK / "score" / ensemble / f"{table}.csv"


def report(ensemble: str) -> Path:
    """The report for people."""
    return WORK / "report" / ensemble / "report.html"
