"""Re-ranking by similarity to the mean of a candidate's photographs."""

import numpy as np
import pandas as pd

from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.rerank.candidates import Candidates
from pipeline.steps.rerank.reranker import Reranker


class Prototypes(Reranker):
    """Similarity of each query to the mean embedding of its candidates' first photographs.

    There are as many per candidate as in the few-shot tasks: `rerank.reptile.shots`.
    """

    def score(self, top: Candidates, queries: pd.DataFrame, cross_fit: CrossFit) -> np.ndarray:
        embeddings = self.inputs.embeddings
        vectors = embeddings.of(pd.Series(top.queries))
        present = (top.supports >= 0)[..., None]
        sums = (embeddings.vectors[top.supports] * present).sum(axis=2)
        means = sums / np.maximum(present.sum(axis=2), 1)
        return np.where(np.isfinite(top.scores), np.einsum("qd,qtd->qt", vectors, means), -np.inf)
