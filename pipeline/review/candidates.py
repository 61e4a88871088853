"""The pairs of photographs that a review may ask about: those that `match` has compared."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.data.members import Member
from pipeline.review.gain import fit_prior
from pipeline.review.state import PAIR
from pipeline.steps.verify.pairs import build_known_pairs
from pipeline.steps.verify.stored_model import load_pair_model
from pipeline.system.errors import require_files

LEAST_PROBABILITY = 0.001  # pairs below are never a question


def load_candidates(backbone: str, folds: list[int]) -> pd.DataFrame:
    """Every pair of a held-out and a gallery photograph whose keypoints were compared.

    Columns photograph (the query), other, evidence (the log of the Bayes factor for "the same
    animal"), inliers (weighted) and weight (how many pairs it stands for). Raises UserError if the
    run is not finished, or has no model of pairs.

    backbone : whose embeddings the model of pairs reads (`match.backbone`)
    """
    model = load_pair_model()
    require_files([paths.matched_pairs(fold) for fold in folds])
    groups = artefacts.load_folds().drop_duplicates("image").set_index("image")["group"]
    found = []
    for fold in folds:
        member = Member(backbone, fold)
        queries = member.query_rows()
        held_out = queries.loc[queries["fold"] >= 0, "image"]
        matched = tables.read_parquet(paths.matched_pairs(fold)).merge(
            tables.read_parquet(paths.weighted_pairs(fold))
        )
        matched = matched[matched["query"].isin(held_out)].reset_index(drop=True)
        known = build_known_pairs(matched, queries, groups, member.embeddings())
        named = matched[["query", "image", "weight", "weighted_inliers"]]
        named = named.set_axis([*PAIR, "weight", "inliers"], axis=1)
        found.append(named.assign(evidence=model.evidence(known)))
    return pd.concat(found, ignore_index=True)


def estimate_probabilities(candidates: pd.DataFrame, names: "pd.Series[str]") -> pd.DataFrame:
    """The pairs that are worth a thought, the most probable first, photograph being the query.

    Columns photograph, other, evidence, probability, exceeds. Two photographs with one name show
    the same animal far more often than two with different names: each kind has a prior of its own.
    `exceeds` is the fraction of all pairs with different names that have fewer inliers.

    names : of every photograph; pairs with others are left out
    """
    pairs = candidates[candidates[PAIR].isin(names.index).all(axis=1)]
    is_one = names[pairs["photograph"]].to_numpy() == names[pairs["other"]].to_numpy()
    probability = np.zeros(len(pairs))
    for kind in (is_one, ~is_one):
        evidence = pairs.loc[kind, "evidence"].to_numpy()
        prior = fit_prior(evidence, pairs.loc[kind, "weight"].to_numpy())
        probability[kind] = expit(evidence + logit(prior))
    exceeds = rank_among(pairs["inliers"], pairs.loc[~is_one, ["inliers", "weight"]])
    table = pairs[[*PAIR, "evidence"]].assign(probability=probability, exceeds=exceeds)
    table = table[probability >= LEAST_PROBABILITY]
    return table.sort_values("probability", ascending=False, kind="stable", ignore_index=True)


def rank_among(inliers: "pd.Series[float]", others: pd.DataFrame) -> np.ndarray:
    """The fraction of other pairs (columns inliers, weight) with fewer inliers than each of n."""
    ordered = others.sort_values("inliers")
    total = np.append(0.0, ordered["weight"].cumsum())
    place = np.searchsorted(ordered["inliers"], inliers)
    return total[place] / max(total[-1], 1e-9)
