"""Join the first score and the second: a fitted weight, then a permutation of the first ten."""

import numpy as np

WEIGHTS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


def fused(first: np.ndarray, second: np.ndarray, weight: float) -> np.ndarray:
    """Standardised first + weight x standardised second, each within its query (q x top).

    Padding is -inf in all three.
    """
    joined = _standardised(first) + weight * _standardised(second)
    return np.where(np.isfinite(first), joined, -np.inf)


def _standardised(scores: np.ndarray) -> np.ndarray:
    """Mean 0, deviation 1 over a query's real candidates; padding becomes 0."""
    real = np.where(np.isfinite(scores), scores, np.nan)
    mean = np.nanmean(real, axis=1, keepdims=True)
    spread = np.nanstd(real, axis=1, keepdims=True)
    return np.where(np.isfinite(scores), (real - mean) / (spread + 1e-9), 0.0)


def reciprocal_rank(scores: np.ndarray, right: np.ndarray) -> np.ndarray:
    """1 / rank of the right candidate (q x top, at most one a query), 0 where none is right."""
    truth = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    better = (scores > truth).sum(axis=1)
    return np.where(right.any(axis=1), 1 / (1 + better), 0.0)


def best_weight(first: np.ndarray, second: np.ndarray, right: np.ndarray) -> float:
    """The weight with the best mean reciprocal rank: the smallest of equals, 0 without queries."""
    if not len(first):
        return 0.0
    gains = [reciprocal_rank(fused(first, second, weight), right).mean() for weight in WEIGHTS]
    return WEIGHTS[int(np.argmax(gains))]


def permuted(first: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Hand a query's first scores out again by `order` (q x top, higher is better).

    The best by `order` gets the highest first score, and so on: the candidates change places among
    themselves, and none passes one below them. Ties keep their first order.
    """
    places = np.argsort(-order, axis=1, kind="stable")
    descending = -np.sort(-first, axis=1)
    result = np.empty_like(first)
    np.put_along_axis(result, places, descending, axis=1)
    return result
