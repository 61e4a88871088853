"""Estimate whether two photographs show the same animal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline import paths
from pipeline.identify.eligibility import members_for_pair, point_weights_for
from pipeline.identify.matched_pair import MatchedPair, match_pair
from pipeline.identify.photograph import Extractor, read_images
from pipeline.identify.stored_tables import StoredTables
from pipeline.params import Params
from pipeline.steps.match.points import INLIER_COLUMNS, describe_inliers
from pipeline.steps.verify.stored_model import load_pair_model
from pipeline.steps.weigh.point_weights import PointWeigher
from pipeline.system.errors import OTHER_SETTINGS, UserError


@dataclass(frozen=True)
class Verification:
    """The probability that two photographs show the same animal, and what it rests on.

    prior : the probability before the photographs were compared
    similarities : cosine of the two embeddings, by member
    pair : the photographs with their matched points
    """

    probability: float
    prior: float
    similarities: dict[str, float]
    pair: MatchedPair


def verify(first: Path, second: Path, p: Params, prior: float = 0.5) -> Verification:
    """Compare two photographs, of the competition or from elsewhere.

    Raises UserError if the stage `verify` has not run, if a file is not a photograph, or if every
    member was trained on both photographs.
    """
    model = load_pair_model()
    if not p.keypoints.enabled:
        raise UserError(
            f"keypoints.enabled is false, and {paths.PAIR_MODEL} reads local features: "
            f"{OTHER_SETTINGS}"
        )
    table = read_images([first, second])
    hashes = table["sha256"].tolist()
    stored = StoredTables()
    folds = members_for_pair(hashes, p.folds.trained, stored)
    extracted = Extractor(p, stored).extract(table, folds)
    similarities = {
        paths.member_name(p.match.backbone, fold): float(embeddings[0] @ embeddings[1])
        for fold, embeddings in zip(folds, extracted.embeddings, strict=True)
    }
    pair = match_pair(table, extracted.features, p)
    scores = score_pair(pair, list(similarities.values()), point_weights_for(hashes, stored))
    probability = float(model.probability(scores, prior).mean())
    return Verification(probability, prior, similarities, pair)


def score_pair(
    pair: MatchedPair, similarities: Sequence[float], weights: PointWeigher
) -> pd.DataFrame:
    """The scores that the model reads, one row per member (columns SCORES)."""
    inliers = describe_inliers(pair.features, (0, 1), pair.matches)
    weighted = weights.weigh(pd.DataFrame(inliers, columns=INLIER_COLUMNS)).sum()
    scores = {
        "similarity": similarities,
        "inliers": float(pair.matches.inliers),
        "weighted_inliers": weighted,
    }
    return pd.DataFrame(scores)
