"""How likely two photographs without a name show one individual.

A logistic regression on the cosine of their embeddings says so, fitted on held-out photographs. Of
two test photographs, which a run compares by local features too, the stage `verify` knows more.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from pipeline import paths
from pipeline.data import artefacts
from pipeline.data.members import load_vectors
from pipeline.evaluation.components import measure_unmatched
from pipeline.evaluation.peers import PeerModel
from pipeline.identify.unknown_individuals import Labelled, load_held_out, load_peers
from pipeline.params import Params
from pipeline.system.errors import UserError

LEAST, MOST = -14.0, 14.0  # log-odds
HELD_OUT = 1_000  # photographs of a fold whose pairs are fitted on, at most


def compare(
    images: Sequence[str], backbones: Sequence[str], folds: Sequence[int], p: Params
) -> np.ndarray:
    """The n x n log-odds that two of n photographs show one individual, between LEAST and MOST.

    folds, backbones : of the members whose embeddings are compared

    Raises UserError without two held-out photographs of one individual.
    """
    slope, intercept = fit_pairs([load_held_out(backbones, fold) for fold in folds])
    vectors = load_vectors(backbones, folds, images)
    log_odds = np.clip(slope * (vectors @ vectors.T) + intercept, LEAST, MOST)
    tests = find_tests(images)
    local = compare_locally([images[row] for row in tests], p)
    if local is not None:
        log_odds[np.ix_(tests, tests)] = local
    return log_odds


def find_tests(images: Sequence[str]) -> np.ndarray:
    """The rows of the photographs of the test."""
    table = artefacts.load_images()
    return np.flatnonzero(pd.Index(images).isin(table.loc[table["split"] == "test", "image"]))


def compare_locally(tests: Sequence[str], p: Params) -> np.ndarray | None:
    """The log-odds of n test photographs by embeddings and local features, n x n.

    None for a run that has not matched them with each other (`match.peers`).
    """
    if not (paths.PEER_MODEL.exists() and paths.weighted_peers(paths.TEST).exists()):
        return None
    peers, model = load_peers(tests, p)
    matched = peers.matched_rows
    if model.threshold is None or matched.empty:
        return None
    return combine(peers.vectors, matched, model)


def combine(vectors: np.ndarray, matched: pd.DataFrame, model: PeerModel) -> np.ndarray:
    """The log-odds of all pairs; those that were not `matched` have no inliers.

    matched : as of `PeerSet.matched_rows`
    """
    # linear in the similarity: a table of all pairs, as of `PeerSet.tabulate`, is not needed
    least, most = measure_unmatched(matched.columns, model.pair_log_odds)
    log_odds = np.clip((most - least) * (vectors @ vectors.T) + least, LEAST, MOST)
    first, second = matched["first"].to_numpy(), matched["second"].to_numpy()
    local = np.clip(model.pair_log_odds(matched), LEAST, MOST)
    log_odds[first, second] = log_odds[second, first] = local
    return log_odds


def fit_pairs(held_out: Sequence[Labelled]) -> tuple[float, float]:
    """Slope and intercept of the log-odds of "one individual" over the cosine of a pair.

    held_out : embeddings and individuals of each fold's photographs, whose pairs are compared
    """
    rng = np.random.default_rng(0)
    cosines, same = [np.zeros(0)], [np.zeros(0, bool)]
    for vectors, individuals in held_out:
        kept = rng.permutation(len(individuals))[:HELD_OUT]
        first, second = np.triu_indices(len(kept), 1)
        cosines.append((vectors[kept] @ vectors[kept].T)[first, second])
        same.append(individuals[kept][first] == individuals[kept][second])
    is_same = np.concatenate(same)
    if is_same.all() or not is_same.any():
        raise UserError(
            "no pair model can be fitted: no two held-out photographs of a fold show one "
            "individual, or all do; label more photographs"
        )
    model = LogisticRegression(C=1e3).fit(np.concatenate(cosines)[:, None], is_same)
    return float(model.coef_[0, 0]), float(model.intercept_[0])
