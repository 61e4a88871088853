"""Re-ranking by the siamese network's head."""

import numpy as np
import pandas as pd
import torch

from pipeline.evaluation.cross_fit import CrossFit
from pipeline.models.pair_head import PairHead
from pipeline.steps.rerank.candidates import Candidates
from pipeline.steps.rerank.reranker import Reranker

QUERIES_AT_ONCE = 16


class SiameseHead(Reranker):
    """The head's logit for a query and the photograph of each candidate that it scores highest."""

    def score(self, top: Candidates, queries: pd.DataFrame, cross_fit: CrossFit) -> np.ndarray:
        vectors = torch.from_numpy(self.inputs.embeddings.vectors)
        rows = self.inputs.embeddings.rows(top.queries)
        return head_scores(self.inputs.load_head(), vectors, rows, top)


@torch.no_grad()
def head_scores(
    head: PairHead, embeddings: torch.Tensor, rows: np.ndarray, top: Candidates
) -> np.ndarray:
    """The best logit of each candidate's photographs, q x top; -inf for padding.

    embeddings : n x d; d is the head's dimension, or twice that for the vectors of a photograph
        and of its mirror image side by side. Each half is compared with the same half, and the
        two logits are averaged
    rows : q, of the queries' embeddings
    """
    halves = embeddings.shape[1] // head.dim
    # each half has length 1 / root of the number of halves
    vectors = embeddings.unflatten(1, (halves, head.dim)) * halves**0.5
    scores = np.full(top.scores.shape, -np.inf)
    for start in range(0, len(rows), QUERIES_AT_ONCE):
        block = slice(start, start + QUERIES_AT_ONCE)
        supports = torch.from_numpy(top.supports[block])
        logits = head(vectors[rows[block], None, None], vectors[supports]).mean(dim=-1)
        scores[block] = logits.masked_fill(supports < 0, -torch.inf).amax(dim=-1).numpy()
    return np.where(np.isfinite(top.scores), scores, -np.inf)
