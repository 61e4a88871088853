"""New photographs of unknown individuals, grouped by how likely two of them show one animal."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from pipeline.data.gallery import KNOWN
from pipeline.evaluation.pair_model import PairModel
from pipeline.evaluation.partition import partition
from pipeline.naming.comparing import Compared, Comparer
from pipeline.naming.workspace import Workspace
from pipeline.steps.match.pairs import verify_pairs

KIND = "unknown"
NEAREST = 15  # photographs that each one is matched with
MIN_PRIOR = 1e-3  # that two photographs show one animal, if no two of the catalogue do
THRESHOLD = 0.0  # of the mean log-odds between two groups: one animal is likelier than not


def fit_pair_model(own: Compared, comparer: Comparer) -> PairModel:
    """Fit how likely two photographs show one animal on the catalogue's known queries."""
    queries = own.evidence.queries.set_index("image")
    pairs = own.pairs[own.pairs["query"].map(queries["kind"]) == KNOWN]
    if pairs.empty:
        return PairModel()
    truth = pairs["query"].map(queries["truth"])
    return PairModel().fit(
        pairs.assign(
            similarity=comparer.collected.embeddings.compute_similarities(pairs, truth),
            weighted_inliers=0.0,
            same=(truth == pairs["identity"]).to_numpy(dtype=bool),
        )
    )


def group(images: Sequence[str], model: PairModel, comparer: Comparer) -> dict[str, int]:
    """Number the groups of photographs, from 1 in the order of their first ones.

    Groups are joined while the mean log-odds between their photographs are THRESHOLD or more. If
    the model is not fitted (no two photographs of the catalogue show one individual), each
    photograph is a group.
    """
    if len(images) < 2 or not np.any(model.weights_):
        return {image: number for number, image in enumerate(images, 1)}
    embeddings = comparer.collected.embeddings.everything.of(pd.Series(list(images)))
    similarities = embeddings @ embeddings.T
    inliers = match_nearest(images, similarities, comparer)
    pairs = pd.DataFrame(
        {"similarity": similarities.ravel(), "inliers": inliers.ravel(), "weighted_inliers": 0.0}
    )
    log_odds = model.evidence(pairs).reshape(similarities.shape) + logit(find_prior(comparer))
    (groups,) = partition((log_odds + log_odds.T) / 2, [THRESHOLD])
    return {image: int(number) + 1 for image, number in zip(images, groups, strict=True)}


def find_prior(comparer: Comparer) -> float:
    """The fraction of the catalogue's pairs of photographs that show one individual."""
    counts = comparer.known.rows["identity"].value_counts().to_numpy()
    total = counts.sum()
    same = (counts * (counts - 1)).sum() / max(total * (total - 1), 1)
    return float(np.clip(same, MIN_PRIOR, 0.5))


def match_nearest(
    images: Sequence[str], similarities: np.ndarray, comparer: Comparer
) -> np.ndarray:
    """Inliers between each of n photographs and its nearest ones, n x n and symmetric."""
    inliers = np.zeros(similarities.shape)
    others = similarities - 2 * np.eye(len(images))
    for first in range(len(images)):
        nearest = np.argsort(-others[first], kind="stable")[: min(NEAREST, len(images) - 1)]
        found = match_one(images[first], [images[i] for i in nearest], comparer)
        inliers[first, nearest] = found
    return np.maximum(inliers, inliers.T)


def match_one(image: str, others: Sequence[str], comparer: Comparer) -> list[float]:
    """Inliers of one photograph and others; what was matched before is read."""
    workspace: Workspace = comparer.workspace
    name = f"{image}{comparer.method.features_key}"
    stored = workspace.load(KIND, name) or {"others": np.empty(0, str), "inliers": np.empty(0)}
    known = dict(zip(stored["others"].tolist(), stored["inliers"].tolist(), strict=True))
    missing = [other for other in others if other not in known]
    if missing:
        matcher = comparer.matcher
        number, *numbers = matcher.locate([image, *missing])
        pairs = verify_pairs(
            comparer.collected.features, number, numbers, matcher.match_points, comparer.p.match
        )
        known |= {other: pair.scores[0] for other, pair in zip(missing, pairs, strict=True)}
        arrays = {"others": np.array(list(known)), "inliers": np.array(list(known.values()))}
        workspace.save(KIND, name, arrays)
    return [known[other] for other in others]
