"""Reptile's second look: a start learned on the member's own queries, adapted to every query's
candidates (Nichol et al. 2018, arXiv:1803.02999).
"""

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from pipeline.data.gallery import KNOWN, Embeddings
from pipeline.fewshot.inner_loop import adapted
from pipeline.fewshot.networks import Dense, Weights, repeated
from pipeline.fewshot.reptile import meta_update
from pipeline.params import Reptile, Rerank
from pipeline.steps.rerank import episodes
from pipeline.steps.rerank.candidates import Candidates

QUERIES_AT_ONCE = 256


def reptile_scores(
    top: Candidates,
    embeddings: Embeddings,
    queries: pd.DataFrame,
    rows: dict[str, np.ndarray],
    part: np.ndarray,
    params: Rerank,
) -> np.ndarray:
    """Reptile's log-probability of each candidate (q x top).

    queries : in the order of `top`, with kind and truth
    rows : the embeddings' rows of each identity's gallery images
    part : of q queries

    One start a part, meta-trained without that part's queries, and one on all held-out queries,
    for the test.
    """
    names = pd.Index(embeddings.names)
    known = (queries["kind"] == KNOWN).to_numpy()
    pools = []
    for left_out in range(part.max(initial=-1) + 1):
        chosen = known & (part != left_out)
        pools.append(_pool(names, queries[chosen], rows))
    starts = meta_trained(pools, embeddings.vectors, params.top, params.seed, params.reptile)
    return adapted_scores(starts, part, top, embeddings, params.reptile)


def _pool(names: pd.Index, fresh: pd.DataFrame, rows: dict[str, np.ndarray]) -> episodes.Pool:
    trained = np.concatenate([rows[identity] for identity in rows])
    labels = np.concatenate([np.full(len(own), identity) for identity, own in rows.items()])
    return episodes.pool(
        names.get_indexer(fresh.index), fresh["truth"].to_numpy(dtype=str), trained, labels
    )


def meta_trained(
    pools: list[episodes.Pool], vectors: np.ndarray, ways: int, seed: int, params: Reptile
) -> Weights:
    """One meta-trained start a pool; random ones where any pool has fewer than two identities."""
    network, ways = Dense(vectors.shape[1], params.hidden), min(params.ways, ways)
    start = repeated(network.start(torch.Generator().manual_seed(seed)), len(pools))
    if any(len(pool) < 2 for pool in pools):
        return start
    rngs = [np.random.default_rng([seed, number]) for number in range(len(pools))]
    for step in tqdm(range(params.meta_steps), desc="reptile", unit="step", mininterval=2):
        task = episodes.sample(pools, params.meta_batch, ways, params.shots, vectors, rngs)
        rate = params.meta_learning_rate * (1 - step / params.meta_steps)
        start = meta_update(
            network, start, task, ways, params.inner_steps, params.inner_learning_rate, rate
        )
    return start


def adapted_scores(
    starts: Weights,
    which: np.ndarray,
    top: Candidates,
    embeddings: Embeddings,
    params: Reptile,
) -> np.ndarray:
    """Adapt a start to each query's candidates, then score the query: log-probabilities, q x top.

    `which` (q) names each query's start among `starts`.
    """
    vectors = torch.from_numpy(embeddings.vectors)
    queries = torch.from_numpy(embeddings.of(pd.Series(top.queries)))
    scores = np.empty(top.scores.shape)
    network, ways = Dense(vectors.shape[1], params.hidden), top.scores.shape[1]
    for at in range(0, len(queries), QUERIES_AT_ONCE):
        block = slice(at, at + QUERIES_AT_ONCE)
        task = episodes.support_task(vectors, top.supports[block])
        start = tuple(one[torch.from_numpy(which[block])] for one in starts)
        learned = adapted(
            network, start, task, ways, params.adapt_steps, params.inner_learning_rate
        )
        logits = network.logits(learned, queries[block, None])[:, 0]
        padding = torch.from_numpy(~np.isfinite(top.scores[block]))
        scores[block] = logits.masked_fill(padding, -torch.inf).log_softmax(dim=1).numpy()
    return scores
