"""k-reciprocal re-ranking (Zhong et al. 2017, arXiv:1701.08398)."""

import numpy as np
import pandas as pd

from pipeline.data import evidence
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.rerank.candidates import Candidates
from pipeline.steps.rerank.reranker import Reranker


class KReciprocal(Reranker):
    """The score `reciprocal`, which `neighbours` computes with the search."""

    def score(self, top: Candidates, queries: pd.DataFrame, cross_fit: CrossFit) -> np.ndarray:
        scores = evidence.pivot(self.inputs.evidence, ["reciprocal"])["reciprocal"]
        query = np.broadcast_to(top.queries[:, None], top.identities.shape)
        pairs = pd.MultiIndex.from_arrays([query.ravel(), top.identities.ravel()])
        return scores.reindex(pairs).fillna(-np.inf).to_numpy().reshape(top.identities.shape)
