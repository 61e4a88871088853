"""The mean average precision of ranked photographs, as Where's Whale-do is scored.

Source: https://github.com/drivendataorg/boem-belugas-runtime, scoring/score_submission.py. Unlike
labels (`metrics`), of which one is right, several photographs may show a query's individual.
"""

import numpy as np

from pipeline.data.scenarios import LENGTH


def average_precision(hits: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """The average precision at 20 of q queries.

    hits : q x k bool, k up to 20: whether the photograph at that rank shows the individual
    relevant : q, how many of the database do, 1 at least; at most 20 of them can be found
    """
    ranks = np.arange(1, hits.shape[1] + 1)
    precision = np.cumsum(hits, axis=1) / ranks
    return (precision * hits).sum(axis=1) / np.minimum(relevant, LENGTH)
