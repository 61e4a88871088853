"""A second look at every query's first candidates, by a few-shot learner or by none.

Adds two sources to the evidence: the method's own score of the first `top` candidates, under the
method's name, and `reranked`, which is the first score with those candidates permuted.
"""

import numpy as np
import pandas as pd
import torch

from pipeline.data import evidence, viewpoints
from pipeline.data.gallery import KNOWN, Embeddings
from pipeline.evaluation import protocol
from pipeline.models.pair_head import PairHead
from pipeline.params import Rerank
from pipeline.steps.rerank import fusion
from pipeline.steps.rerank.candidates import Candidates, first_candidates
from pipeline.steps.rerank.learned import learned_scores
from pipeline.steps.rerank.reptile import reptile_scores
from pipeline.steps.rerank.siamese_head import twin_scores


def rerank(
    found: pd.DataFrame,
    embeddings: Embeddings,
    gallery: pd.DataFrame,
    queries: pd.DataFrame,
    params: Rerank,
    parts: int,
    side: dict[str, str],
    head: PairHead | None = None,
    dim: int = 0,
    crops: np.ndarray | None = None,
) -> pd.DataFrame:
    """One member's evidence of the second look.

    found : the member's evidence from `neighbours`
    gallery, queries : its rows (`pipeline.data.gallery`)
    parts : cross-fitting parts; what a held-out query helped to fit never scores it
    side : of every photograph whose side is known; two sides are never compared
    head, dim : of method siamese_head: the member's head, and the numbers of a vector that it
        compares
    crops : where a few-shot learner sees these: one an embedding, n x C x H x W
    """
    if params.method == "none":
        return evidence.empty()
    first = evidence.wide(found, [params.first])[params.first]
    queries = queries.set_index("image").loc[np.unique(first.index.get_level_values("query"))]
    held_out = (queries["fold"] >= 0).to_numpy()
    part = np.full(len(queries), parts)
    part[held_out] = protocol.crossfit_parts(queries["group"][held_out], parts, params.seed)

    rows = _rows_of(gallery, embeddings)
    strange = _strange(queries.index, gallery["image"], embeddings, side)
    top = first_candidates(first, params.top, rows, params.reptile.shots, strange)
    right = top.identities == queries["truth"].to_numpy()[:, None]
    known = queries["kind"].to_numpy() == KNOWN
    if params.method == "reptile":
        second = reptile_scores(top, embeddings, queries, rows, part, params)
    elif params.method == "siamese_head":
        second = twin_scores(top, embeddings, head, dim)
    elif params.method == "prototypes":
        second = prototype_scores(top, embeddings)
    elif params.method == "k_reciprocal":
        second = reciprocal_scores(top, found)
    else:
        asked = pd.Index(embeddings.names).get_indexer(top.queries)
        inputs = torch.from_numpy(embeddings.vectors if crops is None else crops)
        second = learned_scores(top, inputs, asked, right, part, known, params)
    order = _fused(top.scores, second, right, part, known)
    return _evidence(top, first, second, order, found["member"].iloc[0], params.method)


def _strange(
    queries: pd.Index, gallery: pd.Series, embeddings: Embeddings, side: dict[str, str]
) -> dict[str, np.ndarray]:
    """The embeddings' rows of the gallery images that show another side than a query."""
    names = pd.Index(embeddings.names)
    rows = {one: names.get_indexer(own) for one, own in viewpoints.hidden(gallery, side).items()}
    return {query: rows[side[query]] for query in queries if query in side}


def _rows_of(gallery: pd.DataFrame, embeddings: Embeddings) -> dict[str, np.ndarray]:
    """The embeddings' rows of each identity's gallery images."""
    position = pd.Series(np.arange(len(embeddings.names)), index=embeddings.names)
    rows = position.loc[gallery["image"]].to_numpy()
    return {name: rows[at] for name, at in gallery.groupby("identity").indices.items()}


def prototype_scores(top: Candidates, embeddings: Embeddings) -> np.ndarray:
    """Similarity of each query to the mean of its candidates' first photographs (q x top).

    A candidate brings as many as the few-shot tasks do: `rerank.reptile.shots`.
    """
    queries = embeddings.of(pd.Series(top.queries))
    present = (top.supports >= 0)[..., None]
    sums = (embeddings.vectors[top.supports] * present).sum(axis=2)
    means = sums / np.maximum(present.sum(axis=2), 1)
    return np.where(np.isfinite(top.scores), np.einsum("qd,qtd->qt", queries, means), -np.inf)


def reciprocal_scores(top: Candidates, found: pd.DataFrame) -> np.ndarray:
    """What `neighbours.reciprocal` says of the candidates (q x top): -inf for padding."""
    said = evidence.wide(found, ["reciprocal"])["reciprocal"]
    query = np.broadcast_to(top.queries[:, None], top.identities.shape)
    pairs = pd.MultiIndex.from_arrays([query.ravel(), top.identities.ravel()])
    return said.reindex(pairs).fillna(-np.inf).to_numpy().reshape(top.identities.shape)


def _fused(
    first: np.ndarray, second: np.ndarray, right: np.ndarray, part: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Every query's fused order; a part's weight is fitted on the other parts' known queries.

    As in any stacking, the second scores of those were made by starts that may know this part.
    """
    order = np.empty_like(first)
    for one in np.unique(part):
        fit = known & (part != one)
        weight = fusion.best_weight(first[fit], second[fit], right[fit])
        order[part == one] = fusion.fused(first[part == one], second[part == one], weight)
    return order


def _evidence(
    top: Candidates,
    first: pd.Series,
    second: np.ndarray,
    order: np.ndarray,
    member: str,
    method: str,
) -> pd.DataFrame:
    """Both sources as evidence; below the first `top`, `reranked` is the first score itself."""
    real = np.isfinite(top.scores)
    query = np.broadcast_to(top.queries[:, None], real.shape)[real]
    identity = top.identities[real]
    index = pd.MultiIndex.from_arrays([query, identity], names=first.index.names)
    reranked = first.copy()
    reranked.loc[index] = fusion.permuted(top.scores, order)[real]
    names = first.index.to_frame(index=False)
    return pd.concat(
        [
            evidence.build(query, identity, member, {method: second[real]}),
            evidence.build(
                names["query"].to_numpy(),
                names["identity"].to_numpy(),
                member,
                {"reranked": reranked.to_numpy()},
            ),
        ],
        ignore_index=True,
    )
