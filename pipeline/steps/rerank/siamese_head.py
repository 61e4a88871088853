"""The twin network's second look: its head's logit for a query and its candidates' photographs."""

import numpy as np
import pandas as pd
import torch

from pipeline.data.gallery import Embeddings
from pipeline.models.pair_head import PairHead
from pipeline.steps.rerank.candidates import Candidates

QUERIES_AT_ONCE = 16


@torch.no_grad()
def twin_scores(top: Candidates, embeddings: Embeddings, head: PairHead, dim: int) -> np.ndarray:
    """The logit of the photograph that the head likes best, of each query's candidates, q x top.

    `dim` is the head's; stored vectors of a photograph and its mirror image side by side are two,
    which are compared each with its like: the mean of the two logits counts. -inf for padding.
    """
    stored = torch.from_numpy(embeddings.vectors)
    sides = stored.shape[1] // dim
    # each side was made a vector of length 1 / root of the sides
    vectors = stored.unflatten(1, (sides, dim)) * sides**0.5
    names = pd.Index(embeddings.names)
    asked = vectors[names.get_indexer(top.queries)]
    scores = np.full(top.scores.shape, -np.inf)
    for at in range(0, len(asked), QUERIES_AT_ONCE):
        block = slice(at, at + QUERIES_AT_ONCE)
        supports = torch.from_numpy(top.supports[block])
        logits = head(asked[block, None, None], vectors[supports]).mean(dim=-1)
        scores[block] = logits.masked_fill(supports < 0, -torch.inf).amax(dim=-1).numpy()
    return np.where(np.isfinite(top.scores), scores, -np.inf)
