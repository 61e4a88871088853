"""Re-rank every query's first candidates, by a few-shot learner or by an untrained method.

Adds two sources to the evidence: the method's score of the first `top` candidates, under the
method's name, and `reranked`, which is the first score with those candidates permuted.
"""

import numpy as np
import pandas as pd

from pipeline.data import evidence
from pipeline.data.gallery import KNOWN
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.params import Rerank
from pipeline.steps.rerank import fusion
from pipeline.steps.rerank.build import build_reranker
from pipeline.steps.rerank.candidates import Candidates, first_candidates
from pipeline.steps.rerank.inputs import RerankInputs


def rerank(inputs: RerankInputs, params: Rerank, parts: int) -> pd.DataFrame:
    """One member's evidence of the re-ranking; empty for method `none`, and without candidates.

    parts : of the cross-fit; what is fitted on a held-out query never scores it
    """
    if params.method == "none" or inputs.evidence.empty:
        return evidence.build_empty()
    first = evidence.pivot(inputs.evidence, [params.first])[params.first]
    names = np.unique(first.index.get_level_values("query"))
    queries = inputs.queries.set_index("image").loc[names]
    held_out = (queries["fold"] >= 0).to_numpy()
    cross_fit = CrossFit(queries["group"].to_numpy(), parts, params.seed, held_out)

    allowed, shots = inputs.allowed_rows(queries), params.reptile.shots
    top = first_candidates(first, params.top, inputs.gallery_rows(), shots, allowed)
    second = build_reranker(inputs, params).score(top, queries, cross_fit)
    right = top.find(queries["truth"].to_numpy())
    known = (queries["kind"] == KNOWN).to_numpy()
    fused = fusion.cross_fuse(top.scores, second, right, known, cross_fit)
    return pd.concat(
        [
            _evidence_of_method(top, second, inputs.member, params.method),
            _evidence_of_permutation(top, first, fused, inputs.member),
        ],
        ignore_index=True,
    )


def _evidence_of_method(
    top: Candidates, second: np.ndarray, member: str, method: str
) -> pd.DataFrame:
    """The second score of the first `top`."""
    query, identity = _pairs(top)
    return evidence.build(query, identity, member, {method: second[np.isfinite(top.scores)]})


def _evidence_of_permutation(
    top: Candidates, first: pd.Series, fused: np.ndarray, member: str
) -> pd.DataFrame:
    """The source `reranked`; below the first `top` it is the first score."""
    reranked = first.copy()
    index = pd.MultiIndex.from_arrays(_pairs(top), names=first.index.names)
    reranked.loc[index] = fusion.permute(top.scores, fused)[np.isfinite(top.scores)]
    names = first.index.to_frame(index=False)
    return evidence.build(
        names["query"].to_numpy(),
        names["identity"].to_numpy(),
        member,
        {"reranked": reranked.to_numpy()},
    )


def _pairs(top: Candidates) -> tuple[np.ndarray, np.ndarray]:
    """The query and the identity of every candidate, without padding."""
    present = np.isfinite(top.scores)
    query = np.broadcast_to(top.queries[:, None], present.shape)
    return query[present], top.identities[present]
