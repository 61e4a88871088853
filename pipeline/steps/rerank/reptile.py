"""Re-ranking by Reptile (Nichol et al. 2018, arXiv:1803.02999).

A small network's initial weights are meta-trained on the member's held-out queries, then adapted to
the candidates of every query.
"""

import numpy as np
import pandas as pd
import torch

from pipeline.data.gallery import KNOWN
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.fewshot.fit import FitSettings, fit, linear_decay
from pipeline.fewshot.inner_loop import InnerLoop
from pipeline.fewshot.networks import Dense
from pipeline.fewshot.reptile import Reptile
from pipeline.fewshot.tasks import Episodes, build_support
from pipeline.steps.rerank.candidates import Candidates
from pipeline.steps.rerank.pools import Pool, build_pool, sample_episodes
from pipeline.steps.rerank.reranker import Reranker

QUERIES_AT_ONCE = 256


class ReptileReranker(Reranker):
    """The log-probability of each candidate after adaptation to all of a query's candidates.

    There is one start per part of the cross-fit, meta-trained without that part's queries; the
    test's queries are scored from one that is trained on all held-out queries.
    """

    def score(self, top: Candidates, queries: pd.DataFrame, cross_fit: CrossFit) -> np.ndarray:
        pools = self.build_pools(queries, cross_fit)
        learner = self.build_learner(len(pools))
        if all(len(pool) >= 2 for pool in pools):
            self.train(learner, pools, cross_fit.numbers)
        starts = np.searchsorted(cross_fit.numbers, cross_fit.part)
        return self.score_from(learner, starts, top)

    def build_pools(self, queries: pd.DataFrame, cross_fit: CrossFit) -> list[Pool]:
        """The photographs that each part's start is trained on.

        Besides held-out ones of the other parts, those that the member trained on: the gallery has
        those of this part too.
        """
        by_identity = self.inputs.trained_rows()
        gallery = np.concatenate(list(by_identity.values()))
        labels = np.repeat(list(by_identity), [len(rows) for rows in by_identity.values()])
        known = (queries["kind"] == KNOWN).to_numpy()
        pools = []
        for train, _ in cross_fit:
            fresh = queries[known & train]
            rows = self.inputs.embeddings.rows(fresh.index)
            pools.append(build_pool(rows, fresh["truth"].to_numpy(dtype=str), gallery, labels))
        return pools

    def build_learner(self, starts: int) -> Reptile:
        """The untrained learner with so many equal starts."""
        params, dim = self.params.reptile, self.inputs.embeddings.vectors.shape[1]
        return Reptile(
            Dense(dim, params.hidden),
            InnerLoop(params.inner_steps, params.inner_learning_rate),
            params.adapt_steps,
            starts,
            transductive=True,  # the network has no batch norm, which a support set could serve
            seed=self.params.seed,
        )

    def train(self, learner: Reptile, pools: list[Pool], numbers: list[int]) -> None:
        """Meta-train each pool's start; `numbers` seed the sampling from the pools."""
        params, seed = self.params.reptile, self.params.seed
        size = min(params.ways, self.params.top), params.shots
        vectors = torch.from_numpy(self.inputs.embeddings.vectors)
        rngs = [np.random.default_rng([seed, number]) for number in numbers]

        def sample(_: int) -> Episodes:
            return sample_episodes(pools, params.meta_batch, size, vectors, rngs)

        settings = FitSettings(params.meta_steps, params.meta_learning_rate, linear_decay)
        fit(learner, sample, settings, "reptile")

    def score_from(self, learner: Reptile, starts: np.ndarray, top: Candidates) -> np.ndarray:
        """Log-probabilities, q x top; each query is scored from the start of its number (q)."""
        embeddings = self.inputs.embeddings
        vectors = torch.from_numpy(embeddings.vectors)
        queries = torch.from_numpy(embeddings.of(pd.Series(top.queries)))
        scores, ways = np.empty(top.scores.shape), top.scores.shape[1]
        for first in range(0, len(queries), QUERIES_AT_ONCE):
            block = slice(first, first + QUERIES_AT_ONCE)
            support = build_support(vectors, top.supports[block])
            start = torch.from_numpy(starts[block])
            with torch.no_grad():
                logits = learner.score_from(start, support, queries[block, None], ways)[:, 0]
            scores[block] = logits.log_softmax(dim=1).numpy()
        return scores
