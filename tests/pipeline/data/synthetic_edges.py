"""Photographs with the windows of trailing edges, for tests."""

import numpy as np

from pipeline.data import features
from pipeline.data.features import EDGE_NUMBERS, NO_EDGE, Features

KNOWN = 4  # individuals


def build_features(edges: bool = True, blank: str = "") -> Features:
    """Two photographs of each individual with nearly the same edge; `blank` has none."""
    rng = np.random.default_rng(0)
    names, photographs = [], []
    for individual in range(KNOWN):
        own = rng.integers(20, 235, (12, EDGE_NUMBERS))
        for shot in range(2):
            seen = (own + rng.integers(-9, 10, own.shape)).astype(np.uint8)
            names.append(f"w{individual}_{shot}.png")
            edge = seen if edges and names[-1] != blank else NO_EDGE
            points = rng.random((5, 2)).astype(np.float32), rng.integers(0, 99, (5, 128), np.uint8)
            photographs.append((*points, 5, np.eye(2, 3), (20, 10), edge))
    return features.join(np.array(names), photographs)
