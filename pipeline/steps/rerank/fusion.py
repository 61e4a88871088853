"""Combine the first and the second score by a fitted weight; reorder the first ten candidates."""

import numpy as np

from pipeline.evaluation.cross_fit import CrossFit

WEIGHTS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


def fuse(first: np.ndarray, second: np.ndarray, weight: float) -> np.ndarray:
    """Standardised first + weight x standardised second, each within its query (q x top).

    Padding is -inf in all three.
    """
    fused = _standardise(first) + weight * _standardise(second)
    return np.where(np.isfinite(first), fused, -np.inf)


def _standardise(scores: np.ndarray) -> np.ndarray:
    """Mean 0, deviation 1 over the candidates of a query; padding becomes 0."""
    present = np.where(np.isfinite(scores), scores, np.nan)
    mean = np.nanmean(present, axis=1, keepdims=True)
    spread = np.nanstd(present, axis=1, keepdims=True)
    return np.where(np.isfinite(scores), (present - mean) / (spread + 1e-9), 0.0)


def reciprocal_rank(scores: np.ndarray, right: np.ndarray) -> np.ndarray:
    """1 / rank of the right candidate (q x top, at most one per query), 0 if none is right."""
    truth = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    better = (scores > truth).sum(axis=1)
    return np.where(right.any(axis=1), 1 / (1 + better), 0.0)


def best_weight(first: np.ndarray, second: np.ndarray, right: np.ndarray) -> float:
    """The weight with the best mean reciprocal rank: the smallest of ties, 0 without queries."""
    if not len(first):
        return 0.0
    gains = [reciprocal_rank(fuse(first, second, weight), right).mean() for weight in WEIGHTS]
    return WEIGHTS[int(np.argmax(gains))]


def cross_fuse(
    first: np.ndarray, second: np.ndarray, right: np.ndarray, known: np.ndarray, cross_fit: CrossFit
) -> np.ndarray:
    """Every query's fused score, q x top; its weight is fitted on the other parts' known queries.

    As in any stacking, the second scores of those come from models that may have been trained on
    this part.
    """
    fused = np.empty_like(first)
    for fit, score in cross_fit:
        fit = known & fit
        weight = best_weight(first[fit], second[fit], right[fit])
        fused[score] = fuse(first[score], second[score], weight)
    return fused


def permute(first: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Redistribute a query's first scores by `order` (q x top, higher is better).

    The best by `order` gets the highest first score, and so on: the candidates are permuted among
    themselves, and none falls behind a candidate below them. Ties keep their first order.
    For example, first scores (.9, .6, .5) and an order of (2, 1, 3) give (.6, .5, .9).
    """
    places = np.argsort(-order, axis=1, kind="stable")
    descending = -np.sort(-first, axis=1)
    result = np.empty_like(first)
    np.put_along_axis(result, places, descending, axis=1)
    return result
