"""The head's word on a query's candidates, pair by pair."""

import numpy as np
import pytest
import torch

from pipeline.data.gallery import Embeddings
from pipeline.models.pair_head import PairHead
from pipeline.steps.rerank import siamese_head
from pipeline.steps.rerank.candidates import Candidates

DIM = 4


@pytest.fixture
def head() -> PairHead:
    torch.manual_seed(0)
    return PairHead("rich", DIM, 8).eval()


def embedded(sides: int) -> Embeddings:
    """Six photographs; with two sides, the mirror image's vector beside each one's."""
    parts = np.random.default_rng(0).normal(size=(6, sides, DIM))
    parts /= np.linalg.norm(parts, axis=2, keepdims=True) * sides**0.5
    return Embeddings(np.array(list("abcdef")), parts.reshape(6, -1).astype(np.float32))


TOP = Candidates(
    queries=np.array(["e", "f"]),
    identities=np.array([["x", "y"], ["y", ""]], dtype=object),
    scores=np.array([[0.9, 0.5], [0.4, -np.inf]]),
    supports=np.array([[[0, 1], [2, -1]], [[2, 3], [-1, -1]]]),
)


@pytest.mark.parametrize("at_once", [1, 64])
@pytest.mark.parametrize("sides", [1, 2])
def test_the_best_photograph_of_each_candidate_counts(sides, at_once, head, monkeypatch):
    monkeypatch.setattr(siamese_head, "QUERIES_AT_ONCE", at_once)
    stored = embedded(sides)
    found = siamese_head.twin_scores(TOP, stored, head, DIM)
    vectors = torch.from_numpy(stored.vectors).unflatten(1, (sides, DIM))
    vectors = torch.nn.functional.normalize(vectors, dim=2)

    def logit(query: int, support: int) -> float:
        with torch.no_grad():
            return head(vectors[query], vectors[support]).mean().item()

    assert found[0, 0] == pytest.approx(max(logit(4, 0), logit(4, 1)), rel=1e-5)
    assert found[0, 1] == pytest.approx(logit(4, 2), rel=1e-5)
    assert found[1, 0] == pytest.approx(max(logit(5, 2), logit(5, 3)), rel=1e-5)
    assert found[1, 1] == -np.inf
