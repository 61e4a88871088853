"""Embeddings laid out on a plane, so that photographs which a member finds alike lie together."""

import numpy as np
from sklearn.manifold import TSNE

MOST = 3000  # photographs: more take minutes, and can't be told apart
PERPLEXITY = 20
SAME = 1e-6


def chosen(count: int, seed: int) -> np.ndarray:
    """Which of `count` photographs are laid out, in their order: all, or MOST of them by lot."""
    if count <= MOST:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MOST, replace=False))


def plane(vectors: np.ndarray, seed: int) -> np.ndarray:
    """n x 2 places between 0 and 1 of n x d unit vectors, by t-SNE (van der Maaten & Hinton 2008).

    Near means alike; how far apart two groups lie, and how dense they are, means nothing.
    """
    # of vectors that are all the same t-SNE can make nothing, and dies of it
    if len(vectors) < 4 or np.ptp(vectors, axis=0).max() < SAME:
        return np.linspace(0, 1, 2 * len(vectors)).reshape(-1, 2)
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    placed = TSNE(perplexity=perplexity, metric="cosine", init="pca", random_state=seed)
    found = placed.fit_transform(vectors)
    low, high = found.min(axis=0), found.max(axis=0)
    return (found - low) / np.maximum(high - low, 1e-9)
