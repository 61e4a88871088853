"""A map of the embeddings: photographs that a member finds similar lie close together."""

import numpy as np
from sklearn.manifold import TSNE

MAX_POINTS = 3000  # more take minutes, and overlap on the map
PERPLEXITY = 20
SAME = 1e-6


def sample_rows(count: int, seed: int) -> np.ndarray:
    """The rows of `count` photographs that the map shows, ascending: all, or MAX_POINTS of them."""
    if count <= MAX_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MAX_POINTS, replace=False))


def project(vectors: np.ndarray, seed: int) -> np.ndarray:
    """Positions (n x 2, 0 to 1) of n x d unit vectors, by t-SNE (van der Maaten & Hinton 2008).

    Close points are similar; the distance between two clusters and their density mean nothing.
    """
    # t-SNE crashes on vectors that are all the same
    if len(vectors) < 4 or np.ptp(vectors, axis=0).max() < SAME:
        return np.linspace(0, 1, 2 * len(vectors)).reshape(-1, 2)
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, metric="cosine", init="pca", random_state=seed)
    positions = tsne.fit_transform(vectors)
    low, high = positions.min(axis=0), positions.max(axis=0)
    return (positions - low) / np.maximum(high - low, 1e-9)
