"""The head's logits of a query's candidates, pair by pair."""

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.data.gallery import KNOWN
from pipeline.models.pair_head import PairHead
from pipeline.steps.rerank import siamese_head
from pipeline.steps.rerank.candidates import Candidates
from tests.pipeline.steps.rerank.synthetic import column, run

DIM = 4


@pytest.fixture
def head() -> PairHead:
    torch.manual_seed(0)
    return PairHead("rich", DIM, 8).eval()


def build_embeddings(halves: int) -> torch.Tensor:
    """Six photographs; with two halves, the mirror image's vector beside each photograph's."""
    vectors = np.random.default_rng(0).normal(size=(6, halves, DIM))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True) * halves**0.5
    return torch.from_numpy(vectors.reshape(6, -1).astype(np.float32))


TOP = Candidates(
    queries=np.array(["e", "f"]),
    identities=np.array([["x", "y"], ["y", ""]], dtype=object),
    scores=np.array([[0.9, 0.5], [0.4, -np.inf]]),
    supports=np.array([[[0, 1], [2, -1]], [[2, 3], [-1, -1]]]),
)


@pytest.mark.parametrize("at_once", [1, 64])
@pytest.mark.parametrize("halves", [1, 2])
def test_the_best_photograph_of_each_candidate_counts(halves, at_once, head, monkeypatch):
    monkeypatch.setattr(siamese_head, "QUERIES_AT_ONCE", at_once)
    embeddings = build_embeddings(halves)
    scores = siamese_head.head_scores(head, embeddings, np.array([4, 5]), TOP)
    vectors = torch.nn.functional.normalize(embeddings.unflatten(1, (halves, DIM)), dim=2)

    def logit(query: int, support: int) -> float:
        with torch.no_grad():
            return head(vectors[query], vectors[support]).mean().item()

    assert scores[0, 0] == pytest.approx(max(logit(4, 0), logit(4, 1)), rel=1e-5)
    assert scores[0, 1] == pytest.approx(logit(4, 2), rel=1e-5)
    assert scores[1, 0] == pytest.approx(max(logit(5, 2), logit(5, 3)), rel=1e-5)
    assert scores[1, 1] == -np.inf


def test_the_head_adds_its_score_to_the_evidence(member):
    """A head that prefers small differences agrees with the truth more often than not."""
    member.head = PairHead("absolute", 12, 1)
    member.head.last.weight.data.fill_(-1.0)
    table = run(member, method="siamese_head")
    assert set(table["source"]) == {"siamese_head", "reranked"}
    scores = column(table, "siamese_head").reset_index()
    best = scores.sort_values("score").drop_duplicates("query", keep="last").set_index("query")
    known = member.queries[member.queries["kind"] == KNOWN].set_index("image")["truth"]
    assert (best["identity"].reindex(pd.Index(known.index)) == known).mean() > 0.5
